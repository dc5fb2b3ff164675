// AVX-512 with VNNI and VBMI: Ice Lake, Sapphire Rapids, Zen 4 and later. Sixteen pixels in a zmm.
//
// zmm30 and zmm31 are scratch, zmm28, zmm29 and k2 pack_half's, and k3 pair_bytes'. A weight is a {1to16} memory
// operand, so a product is one instruction.
#include "codegen/isa/isas.h"
#include "codegen/isa/x86_rows.h"
#include "sparsec/abi.h"

namespace sparsec {

namespace {

using kir::Opcode;

// The lanes' numbers among the 32 of two registers.
OnceText every_second(const std::string& which, Opcode op) {
  std::string text = ".p2align 6\n.L" + which + "_{fn}:\n.long ";
  for (int lane = op == Opcode::odd_lanes; lane < 32; lane += 2) text += std::to_string(lane) + (lane < 30 ? "," : "");
  return {{op}, text};
}

// For each byte of a lane: its number among the 128 bytes of two registers, and that of the second's, two bytes
// further.
OnceText pairs() {
  std::string text = ".p2align 6\n.Lpairs_{fn}:";
  for (int byte = 0; byte < 4; ++byte)
    for (int lane = 0; lane < 16; ++lane) {
      const std::string first = std::to_string(4 * lane + byte), second = std::to_string(64 + 4 * lane + byte);
      text += (lane == 0 ? "\n.byte " : ",") + first + ",0," + second + ",0";
    }
  return {{Opcode::pair_bytes}, text + "\n.Lpaired_{fn}:\n.quad 0x5555555555555555"};
}

std::string take(const std::string& which) {
  return "vmovdqa64 .L" + which + "_{fn}(%rip), {s0}\nvpermi2d {b}, {a}, {s0}\nvmovdqa64 {s0}, {d}";
}

}  // namespace

const Isa& avx512_vnni() {
  static const Isa isa{
      .name = "avx512_vnni",
      .description = "AVX-512 VNNI and VBMI (Intel Ice Lake and later, AMD Zen 4 and later)",
      .style = Style::assembly,
      .lanes = 16,
      .registers = 30,
      .pack_half_registers = 2,
      .saturating_dot = false,
      .unroll = true,
      .features = SPARSEC_CPU_AVX2 | SPARSEC_CPU_AVX512 | SPARSEC_CPU_AVX512_VNNI | SPARSEC_CPU_AVX512_VBMI,
      .triple = "x86_64-unknown-linux-gnu",
      .register_prefix = "%zmm",
      .first_scratch = 30,
      .texts = with_rows(x86_rows(Encoding::evex),
                         {
                             {Opcode::prefetch, "prefetcht0 {m}"},
                             {Opcode::select, "kmovw {m}, %k1\nvmovdqa32 {a}, {d}{%k1}"},
                             {Opcode::even_lanes, take("even_lanes")},
                             {Opcode::odd_lanes, take("odd_lanes")},
                             {Opcode::lanes_from, "valignd ${i}, {a}, {b}, {d}"},
                             {Opcode::dot4, "vpdpbusd {m}{1to16}, {a}, {d}"},
                             {Opcode::dot4_words, "vpdpbusd {b}, {a}, {d}"},
                             {Opcode::dot8, "vpdpbusd {m}{1to16}, {a}, {d}\nvpdpbusd {m+4}{1to16}, {b}, {d}"},
                             {Opcode::dot12,
                              "vpdpbusd {m}{1to16}, {a}, {d}\nvpdpbusd {m+4}{1to16}, {b}, {d}\n"
                              "vpdpbusd {m+8}{1to16}, {c}, {d}"},
                             {Opcode::dot2, "vpdpwssd {m}{1to16}, {a}, {d}"},
                             {Opcode::shift_right_s, "vpsrad ${i}, {a}, {d}"},
                             {Opcode::pair_bytes,
                              "vmovdqa64 .Lpairs_{fn}+{64i}(%rip), {s0}\nvpermi2b {b}, {a}, {s0}{%k3}{z}\n"
                              "vmovdqa64 {s0}, {d}"},
                             {Opcode::fma_word, "vfmadd231ps {m}{1to16}, {a}, {d}"},
                             {Opcode::fma_scale, "vfmadd132ps {m}{1to16}, {a}, {d}"},
                             {Opcode::mul_word, "vmulps {m}{1to16}, {a}, {d}"},
                             {Opcode::add_word, "vaddps {m}{1to16}, {a}, {d}"},
                             {Opcode::limit, "vrangeps $2, {b}, {a}, {d}"},
                             {Opcode::pack_half,
                              "vmovdqa64 {a}, {s0}\nvpshufb %zmm28, {b}, {s0}{%k2}\n"
                              "vmovdqa64 {c}, {s1}\nvpshufb %zmm28, {e}, {s1}{%k2}\n"
                              "vpacksswb {s1}, {s0}, {d}\nvpshufb %zmm29, {d}, {d}"},
                             {Opcode::lookup16, "vpermps {m}, {a}, {d}"},
                             {Opcode::permute16, "vpermps {b}, {a}, {d}"},
                             {Opcode::lookup256,
                              "vpmovb2m {a}, %k1\nvmovdqa64 {a}, {s0}\nvmovdqa64 {a}, {s1}\n"
                              "vmovdqu64 {m}, {d}\nvpermi2b {m+64}, {d}, {s0}\n"
                              "vmovdqu64 {m+128}, {d}\nvpermi2b {m+192}, {d}, {s1}\n"
                              "vmovdqa64 {s0}, {d}\nvmovdqu8 {s1}, {d}{%k1}"},
                             {Opcode::permute256,
                              "vpmovb2m {a}, %k1\nvmovdqa64 {a}, {s1}\nvpermi2b {b+3}, {b+2}, {s1}\n"
                              "vmovdqa64 {a}, {d}\nvpermi2b {b+1}, {b}, {d}\nvmovdqu8 {s1}, {d}{%k1}"},
                         }),
      .prologues = {{{Opcode::pack_half},
                     "kmovq .Lhigh_{fn}(%rip), %k2\nvmovdqa64 .Lup_{fn}(%rip), %zmm28\n"
                     "vmovdqa64 .Lhalves_{fn}(%rip), %zmm29"},
                    {{Opcode::pair_bytes}, "kmovq .Lpaired_{fn}(%rip), %k3"}},
      // by which the low half of a lane goes up, and which halves those are
      .data = with_data(x86_pack_data(64), {{{Opcode::pack_half},
                                             ".p2align 6\n.Lup_{fn}:\n.rept 4\n"
                                             ".byte 0,1,0,1,4,5,4,5,8,9,8,9,12,13,12,13\n.endr\n"
                                             ".Lhigh_{fn}:\n.quad 0xcccccccccccccccc"},
                                            every_second("even_lanes", Opcode::even_lanes),
                                            every_second("odd_lanes", Opcode::odd_lanes),
                                            pairs()}),
  };
  return isa;
}

}  // namespace sparsec
