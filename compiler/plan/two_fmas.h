// A sum of two quantised bytes by two fmas and a rounding.
//
// QBinary's formula takes away two zero points, multiplies by three scales and adds. There are 65,536 pairs of bytes:
// two multipliers and a bias that give the right byte for each of them are the same function. Real numbers say which
// these are, and their neighbours are tried where float rounds a pair the other way.
#pragma once

#include <optional>

#include "codegen/kernels/pointwise.h"
#include "compiler/ir/op.h"

namespace sparsec {

// For add and sub; nothing where no such numbers are found, and for other kinds.
std::optional<kernels::SumOfBytes> in_two_fmas(BinaryKind kind, Quant a, Quant b, Quant out);

}  // namespace sparsec
