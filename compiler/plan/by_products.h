// Quantising by products in place of a division.
//
// A quantised float is a step function of it: at 255 floats it gains a level. The reciprocal of twice the scale as two
// floats, a rounded one and what that lacks, gives quotients that are rounded as a division rounds them, but for one in
// millions: it is tried on either side of every step, and since both functions only grow, they are then the same.
#pragma once

#include <optional>

#include "codegen/kernels/rows.h"
#include "compiler/ir/quant.h"

namespace sparsec {

// Such that clamp_u8(round_even(fma(2x, high, 2x * low)) + zero_point) is Quantize's byte for every x of at most 1024
// steps, beyond which the kernel does not let it go (codegen/kernels/rows.cc). Nothing where it is not, and for scales
// whose reciprocals float does not hold well.
std::optional<kernels::HalfReciprocal> in_products(Quant quant);

}  // namespace sparsec
