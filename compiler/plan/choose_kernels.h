// Which family of kernel runs a convolution: predicted cycles for each that the instruction set supports, and the least
// of them.
#pragma once

#include "compiler/plan/plan.h"

namespace sparsec {

// People read predictions as milliseconds of a core at 3 GHz.
inline constexpr double kNominalCyclesPerMs = 3e6;

// `tiles` vectors of pixels per run. `force` names a family that is taken where it is supported. Fills kernel, reason,
// candidates, predicted_cycles, code_bytes.
LayerChoice choose_kernel(const Isa& isa, const kernels::ConvSpec& spec, int64_t tiles, const std::string& force);

}  // namespace sparsec
