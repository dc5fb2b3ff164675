// Arithmetic on constant tensors: what exporters compute shapes, grids and masks with.
//
// All index work is one routine, gather_strided, which copies elements along any strides; broadcasting is a stride of
// 0. Integers wrap around on overflow, as they do at run time elsewhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/infer.h"
#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"

namespace sparsec::importer {

// Whether import computes this operator itself when all inputs are constant; other float operators are folded by a
// pass.
bool can_fold(const Op& op, DType out);
// The operator on constants; `out` is its inferred output.
Tensor fold(const Op& op, const std::vector<const Tensor*>& inputs, const TypeAndShape& out, const std::string& where);

std::vector<int64_t> row_major_strides(const Shape& shape);
// out[i0, i1...] = t[first + i0 * strides[0] + i1 * strides[1] + ...], in elements.
Tensor gather_strided(const Tensor& t, const Shape& out, int64_t first, const std::vector<int64_t>& strides);
Tensor expand(const Tensor& t, const Shape& out);  // broadcasts to a shape that it fits
Tensor reshape(const Tensor& t, Shape shape);
Tensor concat(const std::vector<const Tensor*>& parts, int64_t axis, const Shape& out);
Tensor quantise_constant(const Tensor& t, const QuantParams& q, DType to);  // f32 to u8 or s8, as Quantize does
Tensor cast(const Tensor& t, DType to);  // to integers: towards zero, out of range to the nearest

enum class Comparison : uint8_t { equal, less, less_or_equal, greater, greater_or_equal };
Tensor compare(Comparison kind, const Tensor& a, const Tensor& b, const std::string& where);
Tensor select(const Tensor& condition, const Tensor& a, const Tensor& b, const std::string& where);

enum class Reduction : uint8_t { sum, product, min, max, mean };
Tensor reduce(Reduction kind, const Tensor& t, const std::vector<bool>& reduced, bool keep_dims);

}  // namespace sparsec::importer
