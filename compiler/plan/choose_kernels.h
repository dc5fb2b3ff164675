// Which family of kernel runs a convolution: predicted cycles for each that the instruction set supports, and the least
// of them.
#pragma once

#include "compiler/plan/plan.h"

namespace sparsec {

// `tiles` vectors of pixels per run. `force` names a family that is taken where it is supported. Fills kernel, reason,
// candidates, predicted_cycles, code_bytes.
LayerChoice choose_kernel(const Isa& isa, const kernels::ConvSpec& spec, int64_t tiles, const std::string& force);

}  // namespace sparsec
