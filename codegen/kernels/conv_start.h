// What a convolution's accumulators start with: floats with the bias, integers with the words that are added to them,
// or zero where a kernel's rows have none.
#pragma once

#include "codegen/kernels/builder.h"
#include "codegen/kernels/conv.h"

namespace sparsec::kernels {

// Row r of the `rows` that begin at `first`, into register r.
void start_accumulator(const Isa& isa, const ConvSpec& spec, int64_t first, int rows, int r, Builder& b,
                       WordStream& stream);

}  // namespace sparsec::kernels
