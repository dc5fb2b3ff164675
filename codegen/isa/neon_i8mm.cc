// 64-bit ARM with I8MM: ARMv8.6 and later (Cortex-A510 and A710, Graviton 3).
//
// usdot multiplies u8 by s8, so activations are taken as they are stored.
#include "codegen/isa/isas.h"
#include "codegen/isa/neon_rows.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

std::vector<OpText> rows() {
  std::vector<OpText> all = neon_rows();
  const std::string one = "usdot v{d}.4s, v{a}.16b, {word.4b}", two = one + "\nusdot v{d}.4s, v{b}.16b, {word.4b+4}";
  all.push_back({kir::Opcode::dot4, one});
  all.push_back({kir::Opcode::dot8, two});
  all.push_back({kir::Opcode::dot12, two + "\nusdot v{d}.4s, v{c}.16b, {word.4b+8}"});
  return all;
}

}  // namespace

const Isa& neon_i8mm() {
  static const Isa isa{
      .name = "neon_i8mm",
      .description = "64-bit ARM with I8MM (Cortex-A510 and A710 and later, Graviton 3)",
      .style = Style::assembly,
      .lanes = 4,
      .registers = kNeonRegisters,
      .saturating_dot = false,
      .unroll = true,
      .features = SPARSEC_CPU_NEON_DOTPROD | SPARSEC_CPU_NEON_I8MM,
      .triple = "aarch64-unknown-linux-gnu",
      .register_prefix = "v",
      .first_scratch = kNeonRegisters,
      .texts = rows(),
      .prologues = neon_prologues(),
      .data = {},
      .directive = ".arch armv8.2-a+i8mm",
  };
  return isa;
}

}  // namespace sparsec
