// What is run of each opcode: random registers, a memory operand that makes sense to it, its result stored.
#include "tests/emit/opcode_cases.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

#include "codegen/emit/operands.h"

namespace sparsec::testing {
namespace {

using kir::Function;
using kir::Insn;
using kir::Opcode;

Data registers_for(Opcode op) {
  switch (op) {
    case Opcode::fma_word:
    case Opcode::add:
    case Opcode::sub:
    case Opcode::mul:
    case Opcode::div:
    case Opcode::min:
    case Opcode::max:
    case Opcode::fma:
    case Opcode::limit:
    case Opcode::fma_scale:
    case Opcode::mul_word:
    case Opcode::add_word:
      return Data::floats;
    case Opcode::to_int:
      return Data::wide_floats;
    case Opcode::pack:
    case Opcode::pack_s8:
    case Opcode::pack_half:
      return Data::levels;
    case Opcode::permute16:
      return Data::table;
    default:
      return Data::bits;
  }
}

Data memory_for(Opcode op) {
  switch (op) {
    case Opcode::fma_word:
    case Opcode::fma_scale:
    case Opcode::mul_word:
    case Opcode::add_word:
      return Data::floats;
    case Opcode::lookup8:
    case Opcode::lookup16:
      return Data::table;
    case Opcode::dot4:
    case Opcode::dot4_s8:
      return Data::weights;
    case Opcode::dot8:
    case Opcode::dot12:
      return Data::small_weights;
    default:
      return Data::bits;
  }
}

// The opcode of registers 0 to 4; its result is stored.
OpCase case_of(Opcode op, int imm, int d, int number) {
  const std::string name = std::string(emit::operands_of(op).name) + "_" + std::to_string(number);
  Insn insn{.op = op, .d = static_cast<uint8_t>(d), .a = 1, .b = 2, .c = 3, .e = 4, .p = 1, .offset = 8, .imm = imm};
  if (op == Opcode::store) insn = {.op = op, .a = 1, .p = 2};
  Function function{.name = name, .comment = "", .pointers = 3, .code = {}};
  for (uint8_t r = 0; r < 6; ++r) function.code.push_back({.op = Opcode::load, .d = r, .p = 0, .offset = r * kSlot});
  function.code.push_back(insn);
  if (op != Opcode::store) function.code.push_back({.op = Opcode::store, .a = static_cast<uint8_t>(d), .p = 2});
  return {std::move(function), registers_for(op), memory_for(op)};
}

// Two nested loops, pointers that go forth and back.
OpCase loop_case() {
  Function f{.name = "loops", .comment = "", .pointers = 3, .code = {}};
  f.code = {{.op = Opcode::zero, .d = 0},
            {.op = Opcode::loop_tiles},
            {.op = Opcode::loop_count, .imm = 3},
            {.op = Opcode::broadcast, .d = 1, .p = 0, .offset = 4},
            {.op = Opcode::add_i32, .d = 0, .a = 0, .b = 1},
            {.op = Opcode::add_pointer, .p = 0, .offset = 4},
            {.op = Opcode::loop_end},
            {.op = Opcode::add_pointer, .p = 0, .offset = -8},
            {.op = Opcode::shift_left, .d = 0, .a = 0, .imm = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::loop_count, .imm = 2},
            {.op = Opcode::shift_right, .d = 0, .a = 0, .imm = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::store, .a = 0, .p = 2}};
  return {std::move(f), Data::bits, Data::bits};
}

// Tiles two at a time, then the one that may be left.
OpCase pairs_case() {
  Function f{.name = "pairs", .comment = "", .pointers = 3, .code = {}};
  f.code = {{.op = Opcode::load, .d = 0, .p = 0},
            {.op = Opcode::loop_tiles, .imm = 2},
            {.op = Opcode::broadcast, .d = 1, .p = 1},
            {.op = Opcode::add_i32, .d = 0, .a = 0, .b = 1},
            {.op = Opcode::loop_count, .imm = 2},
            {.op = Opcode::shift_left, .d = 0, .a = 0, .imm = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::add_pointer, .p = 1, .offset = 8},
            {.op = Opcode::loop_end},
            {.op = Opcode::loop_tiles},
            {.op = Opcode::broadcast, .d = 1, .p = 1},
            {.op = Opcode::bit_xor, .d = 0, .a = 0, .b = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::store, .a = 0, .p = 2}};
  return {std::move(f), Data::bits, Data::bits};
}

// Once for a pair of tiles, around a loop over pairs; then what is left. Every round has other numbers of tiles.
OpCase once_case() {
  Function f{.name = "once", .comment = "", .pointers = 3, .code = {}};
  f.code = {{.op = Opcode::load, .d = 0, .p = 0},
            {.op = Opcode::broadcast, .d = 1, .p = 1},
            {.op = Opcode::if_tiles, .imm = 2},
            {.op = Opcode::shift_left, .d = 0, .a = 0, .imm = 1},
            {.op = Opcode::loop_tiles, .imm = 2},
            {.op = Opcode::add_i32, .d = 0, .a = 0, .b = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::bit_xor, .d = 0, .a = 0, .b = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::loop_tiles},
            {.op = Opcode::shift_right, .d = 0, .a = 0, .imm = 1},
            {.op = Opcode::loop_end},
            {.op = Opcode::store, .a = 0, .p = 2}};
  return {std::move(f), Data::bits, Data::bits};
}

// Runs of words, among instructions that need scratch registers: what a printer remembers of words must stay true.
OpCase words_case(const Isa& isa) {
  const Opcode lookup = isa.lanes == 16 ? Opcode::lookup16 : Opcode::lookup8;
  Function f{.name = "words", .comment = "", .pointers = 3, .code = {}};
  f.code = {{.op = Opcode::load, .d = 1, .p = 0}, {.op = Opcode::load, .d = 9, .p = 0, .offset = kSlot}};
  const auto word = [&](int d, int offset) {
    f.code.push_back({.op = Opcode::broadcast, .d = uint8_t(d), .p = 1, .offset = offset});
    f.code.push_back({.op = Opcode::add_i32, .d = 9, .a = 9, .b = uint8_t(d)});
  };
  for (const int offset : {0, 4, 8, 12, 16, 4, 24, 20, 28, 0, 40, 44, 60}) word(2, offset);
  f.code.push_back({.op = Opcode::lookup256, .d = 3, .a = 9, .p = 1, .offset = 256});
  word(2, 64), word(4, 60), word(5, 4);
  f.code.push_back({.op = Opcode::add_pointer, .p = 1, .offset = 64});
  word(2, 0), word(2, -4), word(2, 68);
  f.code.push_back({.op = Opcode::pack, .d = 4, .a = 9, .b = 2, .c = 1, .e = 9});
  word(2, 4), word(5, 72);
  f.code.push_back({.op = lookup, .d = 6, .a = 9, .p = 1, .offset = 128});
  f.code.push_back({.op = Opcode::add_i32, .d = 9, .a = 9, .b = 6});
  f.code.push_back({.op = lookup, .d = 6, .a = 9, .p = 1, .offset = 128});
  f.code.push_back({.op = lookup, .d = 7, .a = 9, .p = 1, .offset = 192});
  for (const int d : {3, 4, 6, 7}) f.code.push_back({.op = Opcode::add_i32, .d = 9, .a = 9, .b = uint8_t(d)});
  f.code.push_back({.op = Opcode::store, .a = 9, .p = 2});
  return {std::move(f), Data::bits, Data::table};
}

// Offsets of every size and both signs; pointers go there and come back.
OpCase far_case() {
  Function f{.name = "far", .comment = "", .pointers = 3, .code = {}};
  f.code = {{.op = Opcode::zero, .d = 0}};
  for (const int far :
       {4, 60, -12, 252, 256, 1000, 4100, -4100, 65536, 65540, 1 << 20, -(1 << 20) - 4, 0x1234564, -0x7654320}) {
    f.code.push_back({.op = Opcode::add_pointer, .p = 0, .offset = -far});
    for (const int offset : {0, 4, 200, 8}) {
      f.code.push_back({.op = Opcode::load, .d = 1, .p = 0, .offset = far + offset});
      f.code.push_back({.op = Opcode::bit_xor, .d = 0, .a = 0, .b = 1});
      f.code.push_back({.op = Opcode::broadcast, .d = 1, .p = 0, .offset = far + 8 + offset});
      f.code.push_back({.op = Opcode::add_i32, .d = 0, .a = 0, .b = 1});
    }
    f.code.push_back({.op = Opcode::add_pointer, .p = 0, .offset = far});
  }
  f.code.push_back({.op = Opcode::store, .a = 0, .p = 2});
  return {std::move(f), Data::bits, Data::bits};
}

}  // namespace

std::vector<OpCase> all_cases(const Isa& isa) {
  std::vector<OpCase> cases;
  const bool portable = isa.style == Style::calls;
  const auto add = [&](Opcode op, int imm) {
    cases.push_back(case_of(op, imm, 0, static_cast<int>(cases.size())));
    // The result over an operand: portable code promises it for every opcode, all code for these.
    if (op == Opcode::permute256) cases.push_back(case_of(op, imm, 1, static_cast<int>(cases.size())));
    if (portable || op == Opcode::pack_half || op == Opcode::even_lanes || op == Opcode::odd_lanes ||
        op == Opcode::lanes_from)
      for (int d : {1, 2, 4}) cases.push_back(case_of(op, imm, d, static_cast<int>(cases.size())));
  };
  for (int op = static_cast<int>(Opcode::zero); op <= static_cast<int>(Opcode::permute256); ++op) {
    const auto opcode = static_cast<Opcode>(op);
    if ((opcode == Opcode::load_s8 || opcode == Opcode::dot4_s8) && !isa.signed_dot) continue;
    const bool wide = opcode == Opcode::limit || opcode == Opcode::dot2 || opcode == Opcode::dot4_words ||
                      opcode == Opcode::shift_right_s || opcode == Opcode::pair_bytes || opcode == Opcode::lanes_from ||
                      opcode == Opcode::lookup16 || opcode == Opcode::permute16 || opcode == Opcode::permute256;
    if (opcode == Opcode::prefetch && !has_text(isa, opcode)) continue;
    if (wide != (isa.lanes == 16) && (wide || opcode == Opcode::lookup8)) continue;
    if (opcode == Opcode::unpack || opcode == Opcode::pair_bytes)
      for (int byte : {0, 1, 2, 3}) add(opcode, byte);
    else if (opcode == Opcode::shift_left || opcode == Opcode::shift_right || opcode == Opcode::shift_right_s)
      for (int count : {0, 1, 16, 31}) add(opcode, count);
    else if (opcode == Opcode::lanes_from)
      for (int lane : {0, 1, 15}) add(opcode, lane);
    else
      add(opcode, 0);
  }
  cases.push_back(loop_case());
  cases.push_back(words_case(isa));
  cases.push_back(far_case());
  if (!portable) cases.push_back(pairs_case());
  if (architecture_of(isa.triple) == "x86_64") cases.push_back(once_case());
  return cases;
}

std::vector<uint8_t> random_data(Data kind, size_t bytes, std::mt19937& random) {
  std::vector<uint8_t> data(bytes);
  for (size_t i = 0; i + 4 <= bytes; i += 4) {
    uint32_t word = random();
    const float unit = static_cast<float>(static_cast<int32_t>(random())) / 2147483648.0f;
    if (kind == Data::floats) word = std::bit_cast<uint32_t>(unit * 100);
    if (kind == Data::levels) word = random() % 4 ? random() % 1024 - 512 : random();  // some beyond 16 bits
    if (kind == Data::wide_floats) {
      constexpr float kSpecial[] = {0.5f,          1.5f,           -0.5f, -2.5f, 8388607.5f, -8388609.0f,
                                    2147483648.0f, -2147483648.0f, 3e9f,  -3e9f, INFINITY,   0.0f};
      const float value =
          i / 4 < std::size(kSpecial) ? kSpecial[i / 4] : unit * std::exp2(static_cast<float>(random() % 36));
      word = std::bit_cast<uint32_t>(value);
    }
    if (kind == Data::table && i >= 32) std::memcpy(&word, data.data() + i - 32, 4);  // eight words again and again
    if (kind == Data::small_weights)
      word = random() % 2 ? word & 0x0f0f0f0f : word | 0xf0f0f0f0;  // safe three at a time
    if (kind == Data::weights) word &= 0x3f3f3f3f;  // pairs of weights that no ISA's product saturates on ...
    if (kind == Data::weights && random() % 2) word |= 0xc0c0c0c0;  // ... of either sign
    std::memcpy(data.data() + i, &word, 4);
  }
  return data;
}

}  // namespace sparsec::testing
