// Prints a Function as AArch64 assembly for the standard calling convention (AAPCS64).
//
// x0 holds the pointer array, x1 the tile count, x2 to x9 are the pointer registers, x10 counts the inner loop, x11 is
// scratch. Two habits of x86 are missing here, and the printer makes up for both:
// - Instructions take no memory operand. A word at m is read as an element of a register: {word} finds it in one of
//   four scratch registers or loads it, with up to three words behind it that the next instructions want.
// - Offsets are short. Vectors far from their pointer are reached from an anchor, x12, which stays where it was put, so
//   that neighbouring taps share it.
//
// Placeholders: {d} {a} {b} {c} {e} the numbers of vector registers ("v{d}.4s", "q{d}"), {s0} ... those of scratch;
// {m} the memory operand of a vector or byte; {word.s} {word.4b} the word at m as an element, {word.4b+4} the next;
// {at} a register that holds the address of m and may be changed; {table} and {table2} the lists of {s0} to {s3} and of
// {s0} and {s1}; {i} the immediate; {index8} what tbl needs to look up 8 floats by the low three bits of {a}.
#include <array>
#include <charconv>

#include "codegen/isa/isa.h"
#include "compiler/error.h"

namespace sparsec {
namespace {

using kir::Insn;
using kir::Opcode;

constexpr int kWordRegisters = 4;     // {s0} to {s3}
constexpr int kIndexScratch = 4;      // {index8} is {s4}
constexpr size_t kFarText = 2 << 20;  // conditional branches reach 1 MiB: so much code has at least this much text
constexpr int kSavedFrom = 8;         // v8 to v15: their low halves are the caller's

std::string number(int64_t n) {
  char digits[24];
  return {digits, std::to_chars(digits, digits + sizeof digits, n).ptr};
}

std::string pointer(int p) { return "x" + number(p + 2); }

bool is_control(Opcode op) { return opens_block(op) || op == Opcode::loop_end || op == Opcode::add_pointer; }

class Writer {
 public:
  Writer(const Isa& isa, const kir::Function& function, std::string_view symbol)
      : isa_(isa), code_(function.code), symbol_(symbol) {
    for (const OpText& row : isa.texts) text_for_[size_t(row.op)] = &row.text;
    out_.reserve(code_.size() * 48 + 512);
  }

  std::string write(const kir::Function& function) {
    int highest = 0;
    for (const Insn& x : code_)
      for (const int r : {x.d, x.a, x.b, x.c, x.e}) highest = std::max(highest, r);
    if (!isa_.directive.empty()) line(std::string(isa_.directive));
    out_.append(symbol_).append(":\n");
    if (highest >= kSavedFrom) {
      line("stp d8, d9, [sp, #-64]!");
      for (int r = 10; r < 16; r += 2)
        line("stp d" + number(r) + ", d" + number(r + 1) + ", [sp, #" + number(r * 8 - 64) + "]");
    }
    for (int p = 0; p < function.pointers; ++p) line("ldr " + pointer(p) + ", [x0, #" + number(8 * p) + "]");
    for (const OnceText& prologue : isa_.prologues)
      if (uses(function, prologue.of)) lines(prologue.text, {});
    for (at_ = 0; at_ < code_.size(); ++at_) instruction(code_[at_]);
    SPARSEC_CHECK(loops_.empty(), "open loop in " + function.name);
    if (highest >= kSavedFrom) {
      for (int r = 14; r >= 10; r -= 2)
        line("ldp d" + number(r) + ", d" + number(r + 1) + ", [sp, #" + number(r * 8 - 64) + "]");
      line("ldp d8, d9, [sp], #64");
    }
    line("ret");
    return std::move(out_);
  }

 private:
  struct Loop {
    int label;
    std::string counter;
    int by;  // tiles a round
    bool may_be_skipped;
    size_t start;  // in the text
  };
  // Words [offset, offset + 4 * count) from pointer p.
  struct Words {
    int p = 0, count = 0;
    int64_t offset = 0;
  };
  struct Anchor {
    int p = -1;
    int64_t offset = 0;
  };

  void line(const std::string& text) { out_.append("\t").append(text).append("\n"); }

  // ---- control
  void instruction(const Insn& insn) {
    switch (insn.op) {
      case Opcode::if_tiles:
        SPARSEC_CHECK(false, "kernels of AArch64 take one tile at a time");
        return;
      case Opcode::loop_tiles:
      case Opcode::loop_count:
        return begin_loop(insn);
      case Opcode::loop_end:
        return end_loop();
      case Opcode::add_pointer:
        return advance(insn);
      default:
        break;
    }
    // no shift by zero exists to the right
    const bool is_move = insn.op == Opcode::shift_right && insn.imm == 0;
    const std::string* text = text_for_[size_t(is_move ? Opcode::move : insn.op)];
    SPARSEC_CHECK(text != nullptr, "no text for an opcode in " + std::string(isa_.name));
    lines(*text, insn);
    if (insn.op == Opcode::store)
      words_ = {};
    else if (insn.d == indexed_)
      indexed_ = -1;
  }

  std::string label(int n, const std::string& kind = ".Lloop_") const {
    return kind + std::string(symbol_) + "_" + number(n);
  }

  // What registers hold at a loop's start is not the same in every round.
  void begin_loop(const Insn& insn) {
    const bool tiles = insn.op == Opcode::loop_tiles;
    if (!tiles) set("x10", insn.imm);
    const int by = tiles ? std::max(1, insn.imm) : 1;
    loops_.push_back({labels_, tiles ? "x1" : "x10", by, tiles && (by > 1 || !tiles_are_left_), out_.size()});
    if (loops_.back().may_be_skipped) {
      line("cmp x1, #" + number(by));
      line("b.lt " + label(labels_, ".Lskip_"));
    }
    if (tiles) tiles_are_left_ = false;
    out_.append(label(labels_++)).append(":\n");
    forget();
  }

  void forget() {
    words_ = {};
    anchor_ = {};
    indexed_ = -1;
  }

  void end_loop() {
    SPARSEC_CHECK(!loops_.empty(), "loop_end without a loop in " + std::string(symbol_));
    const Loop loop = loops_.back();
    loops_.pop_back();
    line("subs " + loop.counter + ", " + loop.counter + ", #" + number(loop.by));
    if (loop.by > 1) line("cmp " + loop.counter + ", #" + number(loop.by));
    if (out_.size() - loop.start < kFarText) {
      line((loop.by > 1 ? "b.ge " : "b.ne ") + label(loop.label));
    } else {
      line((loop.by > 1 ? "b.lt " : "b.eq ") + label(labels_));
      line("b " + label(loop.label));
      out_.append(label(labels_++)).append(":\n");
    }
    if (!loop.may_be_skipped) return;
    out_.append(label(loop.label, ".Lskip_")).append(":\n");
    forget();
  }

  void advance(const Insn& insn) {
    add(pointer(insn.p), pointer(insn.p), insn.offset);
    if (anchor_.p == insn.p) anchor_.offset -= insn.offset;
    for (Words& w : words_)
      if (w.p == insn.p) w.offset -= insn.offset;
  }

  // ---- addresses
  void set(const std::string& to, int64_t n) {
    line("mov " + to + ", #" + number(n & 0xffff));
    if (n >> 16 != 0) line("movk " + to + ", #" + number(n >> 16) + ", lsl #16");
  }

  // to = from + n, with immediates of 12 bits or 12 bits times 4096
  void add(const std::string& to, std::string from, int64_t n) {
    const std::string op = n < 0 ? "sub " : "add ";
    const int64_t size = n < 0 ? -n : n;
    if (size >= 1 << 24) {
      set("x11", size);
      return line(op + to + ", " + from + ", x11");
    }
    if (size >= 4096) {
      line(op + to + ", " + from + ", #" + number(size >> 12) + ", lsl #12");
      from = to;
    }
    if (size % 4096 != 0 || (size == 0 && from != to)) line(op + to + ", " + from + ", #" + number(size % 4096));
  }

  static std::string operand(const std::string& base, int64_t offset) {
    return offset == 0 ? "[" + base + "]" : "[" + base + ", #" + number(offset) + "]";
  }

  // The memory operand of an access of `size` bytes.
  std::string memory(int p, int64_t offset, int64_t size) {
    const auto reaches = [size](int64_t n) {
      return (n >= -256 && n < 256) || (n >= 0 && n % size == 0 && n / size < 4096);
    };
    if (reaches(offset)) return operand(pointer(p), offset);
    if (anchor_.p != p) {
      add("x12", pointer(p), offset);
      anchor_ = {p, offset};
    } else if (!reaches(offset - anchor_.offset)) {
      const int64_t step = offset - anchor_.offset;
      const bool is_short = step > -4096 && step < 4096;
      add("x12", is_short ? "x12" : pointer(p), is_short ? step : offset);
      anchor_.offset = offset;
    }
    return operand("x12", offset - anchor_.offset);
  }

  // ---- words
  // Which of the three words behind the one at p + offset the coming instructions read: how many to load with it.
  int words_wanted(int p, int64_t offset) const {
    std::array<bool, 4> wanted{true, false, false, false};
    for (size_t i = at_ + 1; i < code_.size() && i < at_ + 32; ++i) {
      const Insn& x = code_[i];
      if (is_control(x.op) || x.op == Opcode::store) break;
      const std::string* text = text_for_[size_t(x.op)];
      const int64_t ahead = x.offset - offset;
      if (text && text->find("{word.") != text->npos && x.p == p && ahead >= 0 && ahead < 16 && ahead % 4 == 0)
        wanted[size_t(ahead / 4)] = true;
    }
    return wanted[3] ? 4 : wanted[1] ? 2 : 1;  // no more is read than is there
  }

  std::string word(const Insn& insn, const std::string& type, int extra = 0) {
    const int64_t offset = insn.offset + extra;
    const auto element = [&](int r) {
      return "v" + number(isa_.first_scratch + r) + "." + type + "[" + number((offset - words_[size_t(r)].offset) / 4) +
             "]";
    };
    for (int r = 0; r < kWordRegisters; ++r) {
      const Words& w = words_[size_t(r)];
      const int64_t ahead = offset - w.offset;
      if (w.p == insn.p && ahead >= 0 && ahead < 4 * w.count && ahead % 4 == 0) return element(r);
    }
    const int r = next_word_++ % kWordRegisters;
    const int count = words_wanted(insn.p, offset);
    line(std::string("ldr ") +
         (count == 4   ? "q"
          : count == 2 ? "d"
                       : "s") +
         number(isa_.first_scratch + r) + ", " + memory(insn.p, offset, 4 * count));
    words_[size_t(r)] = {insn.p, count, offset};
    return element(r);
  }

  // {s4} = for each lane the four bytes 4 * (a & 7) + 0, 1, 2, 3
  std::string index8(const Insn& insn) {
    const std::string index = number(isa_.first_scratch + kIndexScratch), v = "v" + index + ".";
    if (indexed_ != insn.a) {
      line("shl " + v + "4s, v" + number(insn.a) + ".4s, #29");
      line("ushr " + v + "4s, " + v + "4s, #27");
      line("sli " + v + "4s, " + v + "4s, #16");
      line("orr " + v + "4s, #2, lsl #16");
      line("sli " + v + "8h, " + v + "8h, #8");
      line("orr " + v + "8h, #1, lsl #8");
      indexed_ = insn.a;
    }
    return index;
  }

  std::string scratch(int n) {
    if (n < kWordRegisters) words_[size_t(n)] = {};
    if (n == kIndexScratch) indexed_ = -1;
    return number(isa_.first_scratch + n);
  }

  std::string table(int registers) {
    std::string list;
    for (int r = 0; r < registers; ++r) list += (r == 0 ? "{v" : ", v") + scratch(r) + ".16b";
    return list + "}";
  }

  // ---- texts
  // What a placeholder needs first is printed before its line.
  void lines(std::string_view text, const Insn& insn) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string filled;
      for (std::string_view rest = text.substr(0, end); !rest.empty();) {
        const size_t open = std::min(rest.find('{'), rest.size());
        filled += rest.substr(0, open);
        if (open == rest.size()) break;
        const size_t close = rest.find('}', open);
        filled += slot(rest.substr(open + 1, close - open - 1), insn);
        rest.remove_prefix(close + 1);
      }
      line(filled);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string slot(std::string_view name, const Insn& insn) {
    if (name == "d") return number(insn.d);
    if (name == "a") return number(insn.a);
    if (name == "b") return number(insn.b);
    if (name == "c") return number(insn.c);
    if (name == "e") return number(insn.e);
    if (name == "i") return number(insn.imm);
    if (name == "24-8i") return number(24 - 8 * insn.imm);
    if (name == "m") return memory(insn.p, insn.offset, insn.op == Opcode::select ? 1 : isa_.vector_bytes());
    if (name == "word.s") return word(insn, "s");
    if (name.starts_with("word.4b")) return word(insn, "4b", name.size() > 7 ? name.back() - '0' : 0);
    if (name == "index8") return index8(insn);
    if (name == "table") return table(4);
    if (name == "table2") return table(2);
    if (name == "at") {
      add("x11", pointer(insn.p), insn.offset);
      return "x11";
    }
    SPARSEC_CHECK(name.size() == 2 && name[0] == 's', "unknown placeholder {" + std::string(name) + "}");
    return scratch(name[1] - '0');
  }

  const Isa& isa_;
  const std::vector<Insn>& code_;
  const std::string_view symbol_;
  std::array<const std::string*, 64> text_for_{};
  std::string out_;
  size_t at_ = 0;  // the instruction being printed
  std::vector<Loop> loops_;
  int labels_ = 0;
  bool tiles_are_left_ = true;  // surely: no loop has taken any yet
  std::array<Words, kWordRegisters> words_{};
  int next_word_ = 0;
  Anchor anchor_;     // x12 = the pointer + offset
  int indexed_ = -1;  // the register whose index {s4} holds
};

}  // namespace

std::string aarch64_text(const Isa& isa, const kir::Function& function, std::string_view symbol) {
  SPARSEC_CHECK(function.pointers <= kir::kMaxPointers && function.scratch == 0, function.name);
  return Writer(isa, function, symbol).write(function);
}

}  // namespace sparsec
