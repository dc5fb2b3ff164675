// Portable code for any CPU: four pixels in a small vector that the C++ or LLVM compiler maps to what the CPU has.
//
// Its kernels are calls to the functions of templates/portable_ops.{h,ll}; they are loops, never unrolled, so that
// compiling stays quick.
#include "codegen/isa/isas.h"

namespace sparsec {

const Isa& scalar() {
  static const Isa isa{
      .name = "scalar",
      .description = "portable code for any CPU",
      .style = Style::calls,
      .lanes = 4,
      .registers = 14,
      .saturating_dot = false,
      .unroll = false,
      .features = 0,
      .triple = "",
      .register_prefix = "",
      .texts = {},
      .prologues = {},
      .data = {},
  };
  return isa;
}

}  // namespace sparsec
