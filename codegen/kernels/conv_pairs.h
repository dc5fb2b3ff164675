// Dense convolutions two vectors of pixels at a time.
//
// With one vector, each product loads its weight: as many loads as products, and two of either a cycle are all that a
// core has. With two vectors a weight is loaded once for both, and half as many rows fit the registers: the input is
// read twice as often, which pays where memory is asked for ahead.
#pragma once

#include "codegen/kernels/conv.h"

namespace sparsec::kernels {

// Whether dense kernels of this specification are made so: on instruction sets that ask for memory ahead, those of
// floats, and of bytes if a product takes its weight from a register.
bool takes_pairs(const Isa& isa, const ConvSpec& spec);
int max_rows_of_pairs(const Isa& isa, const ConvSpec& spec);

// As lower_conv for one whole kernel.
ConvKernel lower_conv_pairs(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool,
                            const std::string& name, const std::string& comment);

}  // namespace sparsec::kernels
