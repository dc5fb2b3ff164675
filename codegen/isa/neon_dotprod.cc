// 64-bit ARM with the dot product of signed bytes: ARMv8.2 and later (Cortex-A55 and A76, Graviton 2).
//
// sdot multiplies s8 by s8 and activations are u8, so convolutions load x - 128 and start their accumulators at 128
// times the sum of the weights (signed_dot). A product is then one instruction by a word of the register that holds
// four of them.
#include "codegen/isa/isas.h"
#include "codegen/isa/neon_rows.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kir::Opcode;

// u8 by s8: (x - 128) * w, and -128 * w taken away.
std::string exact(const std::string& x, const std::string& w) {
  return "movi v{s5}.16b, #128\neor v{s4}.16b, v" + x + ".16b, v{s5}.16b\nsdot v{d}.4s, v{s4}.16b, " + w +
         "\nmovi v{s4}.4s, #0\nsdot v{s4}.4s, v{s5}.16b, " + w + "\nsub v{d}.4s, v{d}.4s, v{s4}.4s";
}

std::vector<OpText> rows() {
  std::vector<OpText> all = neon_rows();
  all.push_back({Opcode::load_s8, "ldr q{d}, {m}\neor v{d}.16b, v{d}.16b, v{s7}.16b"});
  all.push_back({Opcode::dot4_s8, "sdot v{d}.4s, v{a}.16b, {word.4b}"});
  const std::string one = exact("{a}", "{word.4b}"), two = one + "\n" + exact("{b}", "{word.4b+4}");
  all.push_back({Opcode::dot4, one});
  all.push_back({Opcode::dot8, two});
  all.push_back({Opcode::dot12, two + "\n" + exact("{c}", "{word.4b+8}")});
  return all;
}

}  // namespace

const Isa& neon_dotprod() {
  static const Isa isa{
      .name = "neon_dotprod",
      .description = "64-bit ARM with dot products (Cortex-A55 and A76 and later, Graviton 2, Raspberry Pi 5)",
      .style = Style::assembly,
      .lanes = 4,
      .registers = kNeonRegisters,
      .saturating_dot = false,
      .unroll = true,
      .features = SPARSEC_CPU_NEON_DOTPROD,
      .triple = "aarch64-unknown-linux-gnu",
      .signed_dot = true,
      .register_prefix = "v",
      .first_scratch = kNeonRegisters,
      .texts = rows(),
      .prologues = neon_prologues(),
      .data = {},
      .directive = ".arch armv8.2-a+dotprod",
  };
  return isa;
}

}  // namespace sparsec
