// Quantisers as import writes them, shared by the operators that carry scales and zero points of their own.
//
// Activations are u8: a signed tensor is stored 128 higher, and so is its zero point. Constants that are dequantised
// are s8: an unsigned one is stored 128 lower.
#pragma once

#include "compiler/import/node_import.h"

namespace sparsec::importer {

// Scale and zero point as the model gives them, and the integer type that they are for.
struct Quantiser {
  QuantParams q;
  DType type = DType::u8;
};

// From two constant inputs: a scalar or a list each; an absent zero point is 0 of type `otherwise`.
Quantiser quantiser_of(NodeImport& n, size_t scale, size_t zero_point, DType otherwise, int64_t axis);

// The real numbers of an integer tensor.
ValueId dequantise(NodeImport& n, Binding integers, QuantParams q);
// The integers of a real tensor; constants are quantised here.
Binding quantise(NodeImport& n, ValueId real, const Quantiser& to);

// A signed tensor (constant, graph input or already rebased) in the unsigned form.
Binding rebase(NodeImport& n, Binding signed_integers);

}  // namespace sparsec::importer
