// By which numbers a requantised convolution's kernels compute its rows' levels.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/conv.h"
#include "compiler/ir/tensor.h"

namespace sparsec {

// Of the form requantise: signed levels in place of the formula beside QConv; a row's by a float's bits (float_bits.h),
// else by one fma (one_fma.h), else by that with additions. `channels`: each row's output channel, -1 for none, which
// may be anything. A row whose numbers are too large for signed levels keeps all rows as they are, and one whose levels
// pass int16 keeps them from bits, for one kernel packs all rows alike. Where rows may not differ, all are by bits, or
// all by one fma, or all as they are.
void take_signed_levels(kernels::ConvSpec& spec, const Tensor& weights, const std::vector<int32_t>& channels,
                        bool may_differ);

}  // namespace sparsec
