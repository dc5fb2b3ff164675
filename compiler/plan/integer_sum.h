// A sum of two quantised bytes in integers: two weights, a bias and a shift.
//
// QBinary's formula takes away two zero points, multiplies by three scales and adds. There are 65,536 pairs of bytes,
// and for given weights each pair says between which two biases its byte comes out right: a bias that all allow makes
// it the same function.
#pragma once

#include <optional>

#include "codegen/kernels/pointwise.h"
#include "compiler/ir/op.h"

namespace sparsec {

// For add and sub; nothing where no such numbers are found, and for other kinds.
std::optional<kernels::IntegerSum> in_integers(BinaryKind kind, Quant a, Quant b, Quant out);

}  // namespace sparsec
