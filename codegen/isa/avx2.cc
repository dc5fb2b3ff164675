// AVX2 and FMA without VNNI: Haswell and later, every Zen. Eight pixels in a ymm.
//
// The product of four u8 by four s8 is vpmaddubsw, vpmaddwd by ones, vpaddd. vpmaddubsw saturates its two 16-bit sums:
// codegen/kernels/saturation.h makes sure at compile time that it never does. ymm12 to ymm14 are scratch and ymm15
// holds the ones.
#include "codegen/isa/isas.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kir::Opcode;

// table[a] with a 16-byte shuffle per row of the table. Adding 0x70 with saturation leaves bit 7 clear, which a shuffle
// needs to answer, only for the indices 0..15 that belong to the row; subtracting 16 brings the next row there.
std::string lookup256() {
  std::string text = "vmovdqa {a}, {s0}\nvpxor {d}, {d}, {d}";
  for (int row = 0; row < 16; ++row) {
    text += "\nvpaddusb .Lrow_{fn}(%rip), {s0}, {s1}\nvbroadcasti128 {m+" + std::to_string(row * 16) +
            "}, {s2}\nvpshufb {s1}, {s2}, {s2}\nvpor {s2}, {d}, {d}";
    if (row < 15) text += "\nvpsubb .Lsixteen_{fn}(%rip), {s0}, {s0}";
  }
  return text;
}

}  // namespace

const Isa& avx2() {
  static const Isa isa{
      .name = "avx2",
      .description = "AVX2 and FMA (Intel Haswell and later, AMD Zen and later)",
      .style = Style::assembly,
      .lanes = 8,
      .registers = 12,
      .saturating_dot = true,
      .unroll = true,
      .features = SPARSEC_CPU_AVX2,
      .triple = "x86_64-unknown-linux-gnu",
      .register_prefix = "%ymm",
      .first_scratch = 12,
      .texts =
          {
              {Opcode::zero, "vpxor {d}, {d}, {d}"},
              {Opcode::move, "vmovdqa {a}, {d}"},
              {Opcode::load, "vmovdqu {m}, {d}"},
              {Opcode::store, "vmovdqu {a}, {m}"},
              {Opcode::broadcast, "vpbroadcastd {m}, {d}"},
              {Opcode::select,
               "vpbroadcastb {m}, {s0}\nvpand .Lbits_{fn}(%rip), {s0}, {s0}\nvpcmpeqd .Lbits_{fn}(%rip), {s0}, "
               "{s0}\nvblendvps {s0}, {a}, {d}, {d}"},
              {Opcode::dot4,
               "vpbroadcastd {m}, {s0}\nvpmaddubsw {s0}, {a}, {s0}\nvpmaddwd %ymm15, {s0}, {s0}\nvpaddd {s0}, {d}, "
               "{d}"},
              {Opcode::fma_word, "vbroadcastss {m}, {s0}\nvfmadd231ps {s0}, {a}, {d}"},
              {Opcode::add_i32, "vpaddd {b}, {a}, {d}"},
              {Opcode::shift_left, "vpslld ${i}, {a}, {d}"},
              {Opcode::shift_right, "vpsrld ${i}, {a}, {d}"},
              {Opcode::add, "vaddps {b}, {a}, {d}"},
              {Opcode::sub, "vsubps {b}, {a}, {d}"},
              {Opcode::mul, "vmulps {b}, {a}, {d}"},
              {Opcode::div, "vdivps {b}, {a}, {d}"},
              {Opcode::min, "vminps {b}, {a}, {d}"},
              {Opcode::max, "vmaxps {b}, {a}, {d}"},
              {Opcode::fma, "vfmadd231ps {b}, {a}, {d}"},
              {Opcode::fma_scale, "vbroadcastss {m}, {s0}\nvfmadd132ps {s0}, {a}, {d}"},
              {Opcode::mul_word, "vbroadcastss {m}, {s0}\nvmulps {s0}, {a}, {d}"},
              {Opcode::add_word, "vbroadcastss {m}, {s0}\nvaddps {s0}, {a}, {d}"},
              {Opcode::bit_and, "vpand {b}, {a}, {d}"},
              {Opcode::bit_or, "vpor {b}, {a}, {d}"},
              {Opcode::bit_xor, "vpxor {b}, {a}, {d}"},
              {Opcode::to_float, "vcvtdq2ps {a}, {d}"},
              {Opcode::to_int, "vcvtps2dq {a}, {d}"},
              {Opcode::lookup16,
               "vpslld $28, {a}, {s0}\nvpsrld $28, {s0}, {s0}\nvpcmpeqd {s1}, {s1}, {s1}\nvgatherdps {s1}, "
               "{off}({base},{s0},4), {d}"},
              {Opcode::max_u8, "vpmaxub {b}, {a}, {d}"},
              {Opcode::unpack, "vpslld ${24-8i}, {a}, {d}\nvpsrld $24, {d}, {d}"},
              {Opcode::pack,
               "vpackssdw {b}, {a}, {s0}\nvpackssdw {e}, {c}, {d}\nvpackuswb {d}, {s0}, {d}\nvpshufb "
               ".Lpack_{fn}(%rip), {d}, {d}"},
              {Opcode::lookup256, lookup256()},
          },
      .prologues = {{Opcode::dot4, "vpcmpeqw %ymm15, %ymm15, %ymm15\nvpsrlw $15, %ymm15, %ymm15"}},
      .data =
          ".p2align 5\n.Lpack_{fn}:\n.rept 2\n.byte 0,4,8,12,1,5,9,13,2,6,10,14,3,7,11,15\n.endr\n"
          ".Lbits_{fn}:\n.long 1,2,4,8,16,32,64,128\n"
          ".Lrow_{fn}:\n.fill 32,1,0x70\n.Lsixteen_{fn}:\n.fill 32,1,16",
  };
  return isa;
}

}  // namespace sparsec
