// By which numbers a requantised convolution's kernels compute its rows' levels.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/conv.h"
#include "compiler/ir/tensor.h"

namespace sparsec {

// Of the form requantise: signed levels in place of the formula beside QConv; by a float's bits (float_bits.h) where
// that is possible, else by one fma (one_fma.h). `rows`: the output channel of each, -1 for none, which may be
// anything. A row whose numbers are too large for signed levels keeps all rows as they are, for one kernel packs them
// alike; where rows may not differ, so does one that needs what others don't.
void take_signed_levels(kernels::ConvSpec& spec, const Tensor& weights, const std::vector<int32_t>& rows,
                        bool may_differ);

}  // namespace sparsec
