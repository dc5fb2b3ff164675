// AVX2 and FMA without VNNI: Haswell and later, every Zen. Eight pixels in a ymm.
//
// The product of four u8 by four s8 is vpmaddubsw, vpmaddwd by ones, vpaddd. vpmaddubsw saturates its two 16-bit sums:
// codegen/kernels/saturation.h makes sure at compile time that it never does. ymm12 to ymm14 are scratch and ymm15
// holds the ones.
#include "codegen/isa/isas.h"
#include "codegen/isa/x86_rows.h"
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

// Words that cannot overflow 16 bits even together are widened together.
std::string sum16(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) {
    const std::string m = i == 0 ? "{m}" : "{m+" + std::to_string(4 * i) + "}", at = i == 0 ? "{s0}" : "{s1}";
    text += "vpbroadcastd " + m + ", " + at + "\nvpmaddubsw " + at + ", {" + "abc"[i] + "}, " + at + "\n";
    if (i > 0) text += "vpaddw {s1}, {s0}, {s0}\n";
  }
  return text + "vpmaddwd %ymm15, {s0}, {s0}\nvpaddd {s0}, {d}, {d}";
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
      .piece_products = 450,  // Zen 3: 1.05 cycles a product from the cache, 1.4 beyond it, 3 beyond the L1 cache
      .unroll = true,
      .features = SPARSEC_CPU_AVX2,
      .triple = "x86_64-unknown-linux-gnu",
      .register_prefix = "%ymm",
      .first_scratch = 12,
      .texts = with_rows(
          x86_rows(Encoding::vex),
          {
              {Opcode::select,
               "vpbroadcastb {m}, {s0}\nvpand .Lbits_{fn}(%rip), {s0}, {s0}\nvpcmpeqd .Lbits_{fn}(%rip), {s0}, "
               "{s0}\nvblendvps {s0}, {a}, {d}, {d}"},
              // two lanes of a and two of b in each half, then the halves' quarters in order
              {Opcode::even_lanes, "vshufps $0x88, {b}, {a}, {d}\nvpermpd $0xd8, {d}, {d}"},
              {Opcode::odd_lanes, "vshufps $0xdd, {b}, {a}, {d}\nvpermpd $0xd8, {d}, {d}"},
              {Opcode::dot4,
               "vpbroadcastd {m}, {s0}\nvpmaddubsw {s0}, {a}, {s0}\nvpmaddwd %ymm15, {s0}, {s0}\nvpaddd {s0}, {d}, "
               "{d}"},
              {Opcode::dot8, sum16(2)},
              {Opcode::dot12, sum16(3)},
              {Opcode::fma_word, "vbroadcastss {m}, {s0}\nvfmadd231ps {s0}, {a}, {d}"},
              {Opcode::fma_scale, "vbroadcastss {m}, {s0}\nvfmadd132ps {s0}, {a}, {d}"},
              {Opcode::mul_word, "vbroadcastss {m}, {s0}\nvmulps {s0}, {a}, {d}"},
              {Opcode::add_word, "vbroadcastss {m}, {s0}\nvaddps {s0}, {a}, {d}"},
              {Opcode::pack_half,
               "vpslld $16, {b}, {s0}\nvpblendw $0xaa, {s0}, {a}, {s0}\n"
               "vpslld $16, {e}, {s1}\nvpblendw $0xaa, {s1}, {c}, {s1}\n"
               "vpacksswb {s1}, {s0}, {d}\nvpshufb .Lhalves_{fn}(%rip), {d}, {d}"},
              {Opcode::lookup8, "vpermps {m}, {a}, {d}"},
              {Opcode::lookup256, lookup256()},
          }),
      .prologues = {{{Opcode::dot4, Opcode::dot8, Opcode::dot12},
                     "vpcmpeqw %ymm15, %ymm15, %ymm15\nvpsrlw $15, %ymm15, %ymm15"}},
      .data = with_data(
          x86_pack_data(32),
          {{{Opcode::select}, ".p2align 5\n.Lbits_{fn}:\n.long 1,2,4,8,16,32,64,128"},
           {{Opcode::lookup256}, ".p2align 5\n.Lrow_{fn}:\n.fill 32,1,0x70\n.Lsixteen_{fn}:\n.fill 32,1,16"}}),
  };
  return isa;
}

}  // namespace sparsec
