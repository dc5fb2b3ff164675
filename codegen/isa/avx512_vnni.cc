// AVX-512 with VNNI and VBMI: Ice Lake, Sapphire Rapids, Zen 4 and later. Sixteen pixels in a zmm.
//
// zmm30 and zmm31 are scratch. A weight is a {1to16} memory operand, so a product is one instruction.
#include "codegen/isa/isas.h"
#include "sparsec/abi.h"

namespace sparsec {

using kir::Opcode;

const Isa& avx512_vnni() {
  static const Isa isa{
      .name = "avx512_vnni",
      .description = "AVX-512 VNNI and VBMI (Intel Ice Lake and later, AMD Zen 4 and later)",
      .style = Style::assembly,
      .lanes = 16,
      .registers = 30,
      .saturating_dot = false,
      .unroll = true,
      .features = SPARSEC_CPU_AVX2 | SPARSEC_CPU_AVX512 | SPARSEC_CPU_AVX512_VNNI | SPARSEC_CPU_AVX512_VBMI,
      .triple = "x86_64-unknown-linux-gnu",
      .register_prefix = "%zmm",
      .first_scratch = 30,
      .texts =
          {
              {Opcode::zero, "vpxord {d}, {d}, {d}"},
              {Opcode::move, "vmovdqa64 {a}, {d}"},
              {Opcode::load, "vmovdqu64 {m}, {d}"},
              {Opcode::store, "vmovdqu64 {a}, {m}"},
              {Opcode::broadcast, "vpbroadcastd {m}, {d}"},
              {Opcode::select, "kmovw {m}, %k1\nvmovdqa32 {a}, {d}{%k1}"},
              {Opcode::dot4, "vpdpbusd {m}{1to16}, {a}, {d}"},
              {Opcode::fma_word, "vfmadd231ps {m}{1to16}, {a}, {d}"},
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
              {Opcode::fma_scale, "vfmadd132ps {m}{1to16}, {a}, {d}"},
              {Opcode::mul_word, "vmulps {m}{1to16}, {a}, {d}"},
              {Opcode::add_word, "vaddps {m}{1to16}, {a}, {d}"},
              {Opcode::bit_and, "vpandd {b}, {a}, {d}"},
              {Opcode::bit_or, "vpord {b}, {a}, {d}"},
              {Opcode::bit_xor, "vpxord {b}, {a}, {d}"},
              {Opcode::to_float, "vcvtdq2ps {a}, {d}"},
              {Opcode::to_int, "vcvtps2dq {a}, {d}"},
              {Opcode::lookup16, "vpermps {m}, {a}, {d}"},
              {Opcode::max_u8, "vpmaxub {b}, {a}, {d}"},
              {Opcode::unpack, "vpslld ${24-8i}, {a}, {d}\nvpsrld $24, {d}, {d}"},
              {Opcode::pack,
               "vpackssdw {b}, {a}, {s0}\nvpackssdw {e}, {c}, {d}\nvpackuswb {d}, {s0}, {d}\nvpshufb "
               ".Lpack_{fn}(%rip), {d}, {d}"},
              {Opcode::lookup256,
               "vpmovb2m {a}, %k1\nvmovdqa64 {a}, {s0}\nvmovdqa64 {a}, {s1}\n"
               "vmovdqu64 {m}, {d}\nvpermi2b {m+64}, {d}, {s0}\n"
               "vmovdqu64 {m+128}, {d}\nvpermi2b {m+192}, {d}, {s1}\n"
               "vmovdqa64 {s0}, {d}\nvmovdqu8 {s1}, {d}{%k1}"},
          },
      .prologues = {},
      // the packs leave, in each 128-bit lane, four bytes a row; the shuffle turns them into four bytes a pixel
      .data = ".p2align 6\n.Lpack_{fn}:\n.rept 4\n.byte 0,4,8,12,1,5,9,13,2,6,10,14,3,7,11,15\n.endr",
  };
  return isa;
}

}  // namespace sparsec
