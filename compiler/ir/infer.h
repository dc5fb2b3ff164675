// Shape inference: the type and shape of each output of an operator, from its inputs.
//
// Used by import, by passes that build nodes, and by verify. Throws CompileError with `where` (file and node) in front
// when the inputs do not fit.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec {

struct TypeAndShape {
  DType type;
  Shape shape;
  bool operator==(const TypeAndShape&) const = default;
};

// Operators whose output is not determined by their inputs (Reshape's shape, a quantiser's type, QConv's output types)
// take it from `declared`, the outputs as the caller wants them, and check that it is possible. `declared` may be empty
// otherwise.
std::vector<TypeAndShape> infer(const Op& op, const std::vector<TypeAndShape>& inputs,
                                const std::vector<TypeAndShape>& declared, const std::string& where);

// Output size of one sliding dimension.
int64_t window_extent(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_before,
                      int64_t pad_after);

// NumPy broadcasting; throws CompileError.
Shape broadcast(const Shape& a, const Shape& b, const std::string& where);

}  // namespace sparsec
