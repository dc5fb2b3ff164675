// Prints a Function as x86-64 assembly in AT&T syntax, System V calling convention.
//
// rdi holds the pointer array, rsi the tile count. Pointer registers are caller-saved registers, rdi itself the last of
// them; rbx, saved when needed, counts the inner loop, and r12, likewise, is free for the texts of tile opcodes. The
// kernel's own memory, if it asks for some, is on the stack: rsp points at it and rbp at the frame. Vector instructions
// come from the ISA's table of texts by filling in placeholders.
#include <algorithm>
#include <array>
#include <charconv>

#include "codegen/isa/isa.h"
#include "compiler/error.h"

namespace sparsec {
namespace {

using kir::Insn;
using kir::Opcode;

constexpr std::array<std::string_view, kir::kMaxPointers + 1> kPointers{"%rax", "%rcx", "%rdx", "%r8", "%r9",
                                                                        "%r10", "%r11", "%rdi", "%rsp"};

// Fills the placeholders of one instruction's text.
class Filler {
 public:
  Filler(const Isa& isa, std::string_view symbol, std::string& out) : isa_(isa), symbol_(symbol), out_(out) {}

  void lines(std::string_view text, const Insn& insn) {
    out_ += '\t';
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        out_ += "\n\t";
      } else if (text[i] != '{') {
        out_ += text[i];
      } else {
        const size_t end = text.find('}', i);
        slot(text.substr(i + 1, end - i - 1), insn);
        i = end;
      }
    }
    out_ += '\n';
  }

  void memory(const Insn& insn, int extra) {
    if (const int offset = insn.offset + extra; offset != 0) number(offset);
    out_ += '(';
    out_ += kPointers[insn.p];
    out_ += ')';
  }

  void number(int64_t n) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
  }

 private:
  void vector(int index) {
    out_ += isa_.register_prefix;
    number(index);
  }

  void tile(int index) {
    out_ += "%tmm";
    number(index);
  }

  void slot(std::string_view name, const Insn& insn) {
    if (name == "d")
      vector(insn.d);
    else if (name == "a")
      vector(insn.a);
    else if (name == "b")
      vector(insn.b);
    else if (name.starts_with("b+"))
      vector(insn.b + name[2] - '0');
    else if (name == "c")
      vector(insn.c);
    else if (name == "e")
      vector(insn.e);
    else if (name == "td")
      tile(insn.d);
    else if (name == "ta")
      tile(insn.a);
    else if (name == "tb")
      tile(insn.b);
    else if (name == "m")
      memory(insn, 0);
    else if (name == "i")
      number(insn.imm);
    else if (name == "24-8i")
      number(24 - 8 * insn.imm);
    else if (name == "64i")
      number(64 * insn.imm);
    else if (name == "fn")
      out_ += symbol_;
    else if (name == "base")
      out_ += kPointers[insn.p];
    else if (name == "off")
      number(insn.offset);
    else if (name.starts_with("m+"))
      memory(insn, std::atoi(std::string(name.substr(2)).c_str()));
    else if (name.size() == 2 && name[0] == 's')
      vector(isa_.first_scratch + name[1] - '0');
    else {  // {1to16}, {%k1}: part of the instruction itself
      out_ += '{';
      out_ += name;
      out_ += '}';
    }
  }

  const Isa& isa_;
  std::string_view symbol_;
  std::string& out_;
};

}  // namespace

std::string x86_text(const Isa& isa, const kir::Function& function, std::string_view symbol) {
  SPARSEC_CHECK(isa.style == Style::assembly, "only assembly ISAs have text");
  SPARSEC_CHECK(function.pointers <= kir::kMaxPointers && function.scratch <= kir::kMaxScratch, function.name);
  std::array<const std::string*, 64> text_for{};
  for (const OpText& row : isa.texts) text_for[size_t(row.op)] = &row.text;

  std::string out;
  out.reserve(function.code.size() * 40 + 512);
  Filler fill(isa, symbol, out);
  const bool inner_loop = uses(function, Opcode::loop_count);
  const bool tiles = uses(function, Opcode::tile_load) || uses(function, Opcode::tile_store);

  out.append(symbol).append(":\n");
  if (inner_loop) out += "\tpush %rbx\n";
  if (tiles) out += "\tpush %r12\n";
  if (function.scratch > 0) {
    out += "\tpush %rbp\n\tmov %rsp, %rbp\n\tsub $";
    fill.number(function.scratch);
    out += ", %rsp\n\tand $-64, %rsp\n";
  }
  for (int p = 0; p < function.pointers; ++p) {
    out += "\tmov ";
    fill.number(8 * p);
    out.append("(%rdi), ").append(kPointers[size_t(p)]).append("\n");
  }
  for (const OnceText& prologue : isa.prologues)
    if (uses(function, prologue.of)) fill.lines(prologue.text, {});

  struct Block {  // a loop, or what runs once
    int label;
    std::string_view counter;
    int by;
    bool may_be_skipped, once;
  };
  std::vector<Block> loops;
  int labels = 0;
  bool tiles_are_left = true;  // surely: no loop has taken any yet
  const auto label = [&](int n, std::string_view kind = ".Lloop_") {
    out += kind;
    out += symbol;
    out += '_';
    fill.number(n);
  };
  const auto compare = [&](int by, std::string_view jump, int n, std::string_view kind) {
    out += "\tcmp $";
    fill.number(by);
    out.append(", %rsi\n\t").append(jump).append(" ");
    label(n, kind);
    out += '\n';
  };
  const auto take = [&](int tiles) {
    out += "\tsub $";
    fill.number(tiles);
    out += ", %rsi\n";
  };
  for (const Insn& insn : function.code) {
    switch (insn.op) {
      case Opcode::loop_tiles:
      case Opcode::loop_count: {
        const bool tiles = insn.op == Opcode::loop_tiles;
        if (!tiles) {
          out += "\tmov $";
          fill.number(insn.imm);
          out += ", %ebx\n";
        }
        const int by = tiles ? std::max(1, insn.imm) : 1;
        loops.push_back({labels, tiles ? "%rsi" : "%ebx", by, tiles && (by > 1 || !tiles_are_left), false});
        if (loops.back().may_be_skipped) compare(by, "jl", labels, ".Lskip_");
        if (tiles) tiles_are_left = false;
        label(labels++);
        out += ":\n";
        break;
      }
      case Opcode::if_tiles:
        loops.push_back({labels, {}, insn.imm, true, true});
        compare(insn.imm, "jl", labels++, ".Lskip_");
        take(insn.imm);
        tiles_are_left = false;
        break;
      case Opcode::loop_end:
        SPARSEC_CHECK(!loops.empty(), "loop_end without a loop in " + function.name);
        if (const Block& loop = loops.back(); loop.once) {
          // runs on
        } else if (loop.by > 1) {
          take(loop.by);
          compare(loop.by, "jge", loop.label, ".Lloop_");
        } else {
          out.append("\tdec ").append(loop.counter).append("\n\tjnz ");
          label(loop.label);
          out += '\n';
        }
        if (loops.back().may_be_skipped) {
          label(loops.back().label, ".Lskip_");
          out += ":\n";
        }
        loops.pop_back();
        break;
      case Opcode::add_pointer:
        if (insn.offset == 0) break;
        out += "\tadd $";
        fill.number(insn.offset);
        out.append(", ").append(kPointers[insn.p]).append("\n");
        break;
      default: {
        const std::string* text = text_for[size_t(insn.op)];
        SPARSEC_CHECK(text != nullptr, "no text for an opcode in " + std::string(isa.name));
        fill.lines(*text, insn);
      }
    }
  }
  SPARSEC_CHECK(loops.empty(), "open loop in " + function.name);
  if (function.scratch > 0) out += "\tleave\n";
  if (tiles) out += "\tpop %r12\n";
  if (inner_loop) out += "\tpop %rbx\n";
  out += "\tvzeroupper\n\tret\n";
  for (const OnceText& constants : isa.data)
    if (uses(function, constants.of)) fill.lines(constants.text, {});
  return out;
}

}  // namespace sparsec
