// Shape inference for element-wise and layout operators, and the dispatch over all of them: one infer_op() per
// operator.
#include "compiler/ir/infer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/ir/infer_rules.h"

namespace sparsec {
namespace rules {
namespace {

bool arithmetic(DType type) { return type == DType::f32 || type == DType::s32 || type == DType::i64; }

std::pair<int64_t, int64_t> range_of(DType type) {
  switch (type) {
    case DType::u8:
      return {0, 255};
    case DType::s8:
      return {-128, 127};
    default:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
}

// A quantiser's parameters must suit the shape they are spread over and the integers that they make.
void check_params(const QuantParams& q, const Shape& shape, DType integers, const Operands& in) {
  in.require(integers == DType::u8 || integers == DType::s8 || integers == DType::s32,
             std::string(in.op) + " with " + name_of(integers) + " is unsupported; supported: u8, s8, s32");
  in.require(!q.scale.empty() && q.zero_point.size() == q.scale.size(),
             std::string(in.op) + " has " + std::to_string(q.scale.size()) + " scales and " +
                 std::to_string(q.zero_point.size()) + " zero points; supported: as many of each");
  if (!q.per_tensor()) {
    in.require(q.axis >= 0 && q.axis < int64_t(shape.size()) && shape[size_t(q.axis)] == int64_t(q.scale.size()),
               std::string(in.op) + " has " + std::to_string(q.scale.size()) + " scales along axis " +
                   std::to_string(q.axis) + " of shape " + to_string(shape) + "; supported: one per slice");
  }
  const auto [low, high] = range_of(integers);
  for (size_t i = 0; i < q.scale.size(); ++i) {
    in.require(std::isfinite(q.scale[i]) && q.scale[i] > 0,
               std::string(in.op) + " scale " + std::to_string(q.scale[i]) + " is unsupported; supported: above 0");
    in.require(
        q.zero_point[i] >= low && q.zero_point[i] <= high,
        std::string(in.op) + " zero point " + std::to_string(q.zero_point[i]) + " does not fit " + name_of(integers));
  }
}

}  // namespace

Types infer_op(const Unary& op, const Operands& in) {
  in.require_inputs(1);
  const bool exact_on_integers = op.kind == UnaryKind::neg || op.kind == UnaryKind::abs || op.kind == UnaryKind::relu ||
                                 op.kind == UnaryKind::clip;
  const DType type = in.inputs[0].type;
  in.require(type == DType::f32 || (exact_on_integers && arithmetic(type)),
             std::string(name_of(op.kind)) + " of " + name_of(type) +
                 " is unsupported; supported: " + (exact_on_integers ? "f32, s32, i64" : "f32"));
  return {in.inputs[0]};
}

Types infer_op(const Binary& op, const Operands& in) {
  in.require_inputs(2);
  const DType a = in.inputs[0].type, b = in.inputs[1].type;
  in.require(a == b && arithmetic(a), std::string(name_of(op.kind)) + " of " + name_of(a) + " and " + name_of(b) +
                                          " is unsupported; supported: two of f32, s32 or i64");
  return {{a, broadcast(in.inputs[0].shape, in.inputs[1].shape, in.where)}};
}

Types infer_op(const Concat& op, const Operands& in) {
  in.require(!in.inputs.empty(), "Concat has no inputs; supported: one or more");
  TypeAndShape out = in.inputs[0];
  in.require(op.axis >= 0 && op.axis < int64_t(out.shape.size()),
             "Concat axis " + std::to_string(op.axis) + " is outside shape " + to_string(out.shape));
  int64_t& joined = out.shape[size_t(op.axis)];
  for (size_t i = 1; i < in.inputs.size(); ++i) {
    in.require_type(i, out.type);
    Shape expected = in.inputs[i].shape;
    in.require_rank(i, out.shape.size());
    joined += expected[size_t(op.axis)];
    expected[size_t(op.axis)] = joined;
    in.require(expected == out.shape, "Concat input " + std::to_string(i) + " has shape " +
                                          to_string(in.inputs[i].shape) + ", which does not fit input 0 of " +
                                          to_string(in.inputs[0].shape) + " along axis " + std::to_string(op.axis));
  }
  return {out};
}

Types infer_op(const Slice& op, const Operands& in) {
  in.require_inputs(1);
  const Shape& shape = in.inputs[0].shape;
  in.require(op.starts.size() == shape.size() && op.steps.size() == shape.size() && op.extents.size() == shape.size(),
             "Slice has ranges for " + std::to_string(op.starts.size()) + " dimensions of " + to_string(shape));
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t first = op.starts[d], count = op.extents[d], size = shape[d];
    bool inside = op.steps[d] != 0 && count >= 0 && count <= size;
    if (inside && count > 0) {
      int64_t last = 0;  // first + (count - 1) * step
      inside = !__builtin_mul_overflow(count - 1, op.steps[d], &last) && !__builtin_add_overflow(first, last, &last) &&
               first >= 0 && first < size && last >= 0 && last < size;
    }
    in.require(inside, "Slice of dimension " + std::to_string(d) + " (start " + std::to_string(first) + ", step " +
                           std::to_string(op.steps[d]) + ", " + std::to_string(count) + " elements) leaves shape " +
                           to_string(shape));
  }
  return {{in.inputs[0].type, op.extents}};
}

Types infer_op(const Reshape&, const Operands& in) {
  in.require_inputs(1);
  in.require(in.declared.size() == 1, "Reshape needs its target shape");
  const Shape &from = in.inputs[0].shape, &to = in.declared[0].shape;
  in.require(std::ranges::all_of(to, [](int64_t d) { return d >= 0; }) && elements(from) == elements(to),
             "Reshape of " + to_string(from) + " to " + to_string(to) + " does not keep the number of elements");
  return {{in.inputs[0].type, to}};
}

Types infer_op(const Transpose& op, const Operands& in) {
  in.require_inputs(1);
  const Shape& shape = in.inputs[0].shape;
  std::vector<bool> seen(shape.size(), false);
  bool permutation = op.perm.size() == shape.size();
  Shape out;
  for (size_t d = 0; permutation && d < shape.size(); ++d) {
    const int64_t p = op.perm[d];
    permutation = p >= 0 && p < int64_t(shape.size()) && !seen[size_t(p)];
    if (!permutation) break;
    seen[size_t(p)] = true;
    out.push_back(shape[size_t(p)]);
  }
  in.require(permutation, "Transpose perm is no permutation of the " + std::to_string(shape.size()) +
                              " dimensions of " + to_string(shape));
  return {{in.inputs[0].type, out}};
}

Types infer_op(const Pad& op, const Operands& in) {
  in.require_inputs(1);
  TypeAndShape out = in.inputs[0];
  in.require(op.before.size() == out.shape.size() && op.after.size() == out.shape.size(),
             "Pad has amounts for " + std::to_string(op.before.size()) + " dimensions of " + to_string(out.shape));
  for (size_t d = 0; d < out.shape.size(); ++d) {
    constexpr int64_t kMost = int64_t{1} << 32;  // keeps the sum from overflowing
    in.require(op.before[d] >= 0 && op.after[d] >= 0 && op.before[d] <= kMost && op.after[d] <= kMost,
               "Pad by " + std::to_string(op.before[d]) + " and " + std::to_string(op.after[d]) +
                   " is unsupported; supported: 0 or more");
    out.shape[d] += op.before[d] + op.after[d];
  }
  return {out};
}

Types infer_op(const Cast& op, const Operands& in) {
  in.require_inputs(1);
  return {{op.to, in.inputs[0].shape}};
}

Types infer_op(const Softmax& op, const Operands& in) {
  in.require_inputs(1);
  in.require_type(0, DType::f32);
  const int64_t rank = int64_t(in.inputs[0].shape.size());
  in.require(op.axis >= -rank && op.axis < rank,
             "Softmax axis " + std::to_string(op.axis) + " is outside shape " + to_string(in.inputs[0].shape));
  return {in.inputs[0]};
}

Types infer_op(const BatchNorm&, const Operands& in) {
  in.require_inputs(5);
  for (size_t i = 0; i < 5; ++i) in.require_type(i, DType::f32);
  in.require(in.inputs[0].shape.size() >= 2,
             "BatchNormalization of shape " + to_string(in.inputs[0].shape) + " is unsupported; supported: N,C,...");
  for (size_t i = 1; i < 5; ++i) in.require_shape(i, {in.inputs[0].shape[1]});
  return {in.inputs[0]};
}

Types infer_op(const Quantize& op, const Operands& in) {
  in.require_inputs(1);
  in.require_type(0, DType::f32);
  in.require(in.declared.size() == 1, "QuantizeLinear needs its output type");
  check_params(op.q, in.inputs[0].shape, in.declared[0].type, in);
  return {{in.declared[0].type, in.inputs[0].shape}};
}

Types infer_op(const Dequantize& op, const Operands& in) {
  in.require_inputs(1);
  check_params(op.q, in.inputs[0].shape, in.inputs[0].type, in);
  return {{DType::f32, in.inputs[0].shape}};
}

Types infer_op(const Lookup&, const Operands& in) {
  in.require_inputs(1);
  in.require_type(0, DType::u8);
  return {in.inputs[0]};
}

Types infer_op(const QBinary&, const Operands& in) {
  in.require_inputs(2);
  in.require_type(0, DType::u8);
  in.require_type(1, DType::u8);
  in.require_shape(1, in.inputs[0].shape);
  return {in.inputs[0]};
}

}  // namespace rules

std::vector<TypeAndShape> infer(const Op& op, const std::vector<TypeAndShape>& inputs,
                                const std::vector<TypeAndShape>& declared, const std::string& where) {
  const rules::Operands operands{name_of(op), inputs, declared, where};
  return std::visit([&](const auto& o) { return infer_op(o, operands); }, op);
}

Shape broadcast(const Shape& a, const Shape& b, const std::string& where) {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {  // from the last dimension to the first
    const int64_t m = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t n = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (m != n && m != 1 && n != 1) {
      throw CompileError((where.empty() ? "" : where + ": ") + "shapes " + to_string(a) + " and " + to_string(b) +
                         " do not broadcast; supported: dimensions equal or 1");
    }
    out[rank - 1 - i] = m == 1 ? n : m;
  }
  return out;
}

}  // namespace sparsec
