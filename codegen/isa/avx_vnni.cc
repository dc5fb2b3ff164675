// AVX2 with VNNI in its VEX form: Alder Lake and later, Zen 5. Eight pixels in a ymm.
//
// avx2's texts but for the product, which needs no ones, no 16-bit sums and so no care for saturation. The VEX form has
// no {1to8} operand: the weight is broadcast first.
#include "codegen/isa/isas.h"
#include "codegen/isa/x86_rows.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kir::Opcode;

std::string products(int words) {
  std::string text;
  for (int i = 0; i < words; ++i)
    text += (i == 0 ? "vpbroadcastd {m}, {s0}" : "\nvpbroadcastd {m+" + std::to_string(4 * i) + "}, {s0}") +
            "\n{vex} vpdpbusd {s0}, {" + "abc"[i] + "}, {d}";
  return text;
}

Isa make() {
  Isa isa = avx2();
  isa.name = "avx_vnni";
  isa.description = "AVX2 and AVX-VNNI (Intel Alder Lake and later, AMD Zen 5)";
  isa.saturating_dot = false;
  isa.features |= SPARSEC_CPU_AVX_VNNI;
  isa.texts =
      with_rows(isa.texts, {{Opcode::dot4, products(1)}, {Opcode::dot8, products(2)}, {Opcode::dot12, products(3)}});
  isa.prologue.clear();
  return isa;
}

}  // namespace

const Isa& avx_vnni() {
  static const Isa isa = make();
  return isa;
}

}  // namespace sparsec
