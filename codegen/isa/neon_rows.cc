// The rows, in the order of the opcodes. See aarch64_text.cc for the placeholders.
#include "codegen/isa/neon_rows.h"

namespace sparsec {
namespace {

using kir::Opcode;

// table[a] in four parts of 64 bytes. tbx leaves the bytes whose index is not in its part alone; the exclusive or turns
// each part's indices in turn into 0..63.
std::string lookup256() {
  std::string text = "mov v{s4}.16b, v{a}.16b\nld1 {table}, [{at}], #64\ntbl v{d}.16b, {table}, v{s4}.16b";
  for (const char* flip : {"64", "192", "64"})
    text += "\nmovi v{s5}.16b, #" + std::string(flip) +
            "\neor v{s4}.16b, v{s4}.16b, v{s5}.16b\nld1 {table}, [x11], #64\ntbx v{d}.16b, {table}, v{s4}.16b";
  return text;
}

// a and c, b and e side by side as 16 bits; then these as bytes, of which bytes of two rows and pairs of two rows are
// interleaved. How values are clamped is the narrowing instruction's.
std::string halves_by(const std::string& narrow) {
  return narrow + " v{s0}.4h, v{a}.4s\n" + narrow + " v{s1}.4h, v{b}.4s\n" + narrow + "2 v{s0}.8h, v{c}.4s\n" + narrow +
         "2 v{s1}.8h, v{e}.4s\n";
}
std::string pack_halves(const std::string& narrow) {
  return narrow + " v{s0}.8b, v{s0}.8h\n" + narrow +
         " v{s1}.8b, v{s1}.8h\nzip1 v{s0}.16b, v{s0}.16b, v{s1}.16b\n"
         "ext v{s1}.16b, v{s0}.16b, v{s0}.16b, #8\nzip1 v{d}.8h, v{s0}.8h, v{s1}.8h";
}

}  // namespace

std::vector<OpText> neon_rows() {
  return {
      {Opcode::zero, "movi v{d}.4s, #0"},
      {Opcode::move, "mov v{d}.16b, v{a}.16b"},
      {Opcode::load, "ldr q{d}, {m}"},
      {Opcode::store, "str q{a}, {m}"},
      {Opcode::broadcast, "dup v{d}.4s, {word.s}"},
      {Opcode::select,
       "ldrb w11, {m}\ndup v{s4}.4s, w11\ncmtst v{s4}.4s, v{s4}.4s, v{s6}.4s\nbit v{d}.16b, v{a}.16b, v{s4}.16b"},
      {Opcode::even_lanes, "uzp1 v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::odd_lanes, "uzp2 v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::fma_word, "fmla v{d}.4s, v{a}.4s, {word.s}"},
      {Opcode::add_i32, "add v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::shift_left, "shl v{d}.4s, v{a}.4s, #{i}"},
      {Opcode::shift_right, "ushr v{d}.4s, v{a}.4s, #{i}"},
      {Opcode::add, "fadd v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::sub, "fsub v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::mul, "fmul v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::div, "fdiv v{d}.4s, v{a}.4s, v{b}.4s"},
      // fmin and fmax differ from a < b ? a : b at NaN and at zeros of both signs
      {Opcode::min, "fcmgt v{s4}.4s, v{b}.4s, v{a}.4s\nbsl v{s4}.16b, v{a}.16b, v{b}.16b\nmov v{d}.16b, v{s4}.16b"},
      {Opcode::max, "fcmgt v{s4}.4s, v{a}.4s, v{b}.4s\nbsl v{s4}.16b, v{a}.16b, v{b}.16b\nmov v{d}.16b, v{s4}.16b"},
      {Opcode::fma, "fmla v{d}.4s, v{a}.4s, v{b}.4s"},
      {Opcode::fma_scale, "mov v{s4}.16b, v{a}.16b\nfmla v{s4}.4s, v{d}.4s, {word.s}\nmov v{d}.16b, v{s4}.16b"},
      {Opcode::mul_word, "fmul v{d}.4s, v{a}.4s, {word.s}"},
      {Opcode::add_word, "dup v{s4}.4s, {word.s}\nfadd v{d}.4s, v{a}.4s, v{s4}.4s"},
      {Opcode::bit_and, "and v{d}.16b, v{a}.16b, v{b}.16b"},
      {Opcode::bit_or, "orr v{d}.16b, v{a}.16b, v{b}.16b"},
      {Opcode::bit_xor, "eor v{d}.16b, v{a}.16b, v{b}.16b"},
      {Opcode::to_float, "scvtf v{d}.4s, v{a}.4s"},
      // fcvtns saturates and turns NaN into 0: where not a < 2^31, the least int32 takes its place
      {Opcode::to_int,
       "movi v{s4}.4s, #0x4f, lsl #24\nfcmgt v{s4}.4s, v{s4}.4s, v{a}.4s\nfcvtns v{d}.4s, v{a}.4s\n"
       "movi v{s5}.4s, #0x80, lsl #24\nbif v{d}.16b, v{s5}.16b, v{s4}.16b"},
      {Opcode::lookup8, "ld1 {table2}, [{at}]\ntbl v{d}.16b, {table2}, v{index8}.16b"},
      {Opcode::max_u8, "umax v{d}.16b, v{a}.16b, v{b}.16b"},
      {Opcode::unpack, "shl v{d}.4s, v{a}.4s, #{24-8i}\nushr v{d}.4s, v{d}.4s, #24"},
      {Opcode::pack, halves_by("sqxtun") + pack_halves("uqxtn")},
      {Opcode::pack_s8, halves_by("sqxtn") + pack_halves("sqxtn")},
      {Opcode::pack_half, "uzp1 v{s0}.8h, v{a}.8h, v{c}.8h\nuzp1 v{s1}.8h, v{b}.8h, v{e}.8h\n" + pack_halves("sqxtn")},
      {Opcode::lookup256, lookup256()},
  };
}

std::vector<OnceText> neon_prologues() {
  return {
      {{Opcode::select},  // 1, 2, 4, 8
       "mov x11, #1\nmovk x11, #2, lsl #32\nfmov d{s6}, x11\nlsl x11, x11, #2\nmov v{s6}.d[1], x11"},
      {{Opcode::load_s8}, "movi v{s7}.16b, #128"},
  };
}

}  // namespace sparsec
