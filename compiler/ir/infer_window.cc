// Shape inference for operators that know of rows and columns: convolutions, pooling, resizing, the head.
#include <limits>

#include "compiler/ir/infer_rules.h"

namespace sparsec {

int64_t window_extent(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_before,
                      int64_t pad_after) {
  const int64_t slack = size + pad_before + pad_after - ((kernel - 1) * dilation + 1);
  return slack < 0 ? 0 : slack / stride + 1;
}

namespace rules {
namespace {

// Rows and columns that a window makes of those of `in`.
std::array<int64_t, 2> slide(const Window& w, const Shape& in, const Operands& operands) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();  // keeps window_extent from overflowing
  const std::array<int64_t, 4> pads{w.pads.top, w.pads.left, w.pads.bottom, w.pads.right};
  std::array<int64_t, 2> out{};
  for (size_t d = 0; d < 2; ++d) {
    const std::string op(operands.op);
    for (const auto& [what, n] :
         {std::pair("kernel", w.kernel[d]), std::pair("stride", w.strides[d]), std::pair("dilation", w.dilations[d])}) {
      operands.require(n >= 1 && n <= kMost,
                       op + " " + what + "=" + std::to_string(n) + " is unsupported; supported: 1 or more");
    }
    for (int64_t n : {pads[d], pads[d + 2]}) {
      operands.require(n >= 0 && n <= kMost,
                       op + " padding of " + std::to_string(n) + " is unsupported; supported: 0 or more");
    }
    out[d] = window_extent(in[d + 2], w.kernel[d], w.strides[d], w.dilations[d], pads[d], pads[d + 2]);
    operands.require(out[d] >= 1,
                     op + " window of " + std::to_string(w.kernel[d]) + " does not fit into shape " + to_string(in));
  }
  return out;
}

// The output shape of a convolution of input 0 with the weights, input 1.
Shape convolved(const Window& window, int64_t groups, const Operands& in) {
  in.require_rank(0, 4);
  in.require_rank(1, 4);
  const Shape &x = in.inputs[0].shape, &w = in.inputs[1].shape;
  in.require(groups >= 1 && w[0] >= 1 && w[0] % groups == 0 && x[1] % groups == 0 && w[1] == x[1] / groups,
             std::string(in.op) + " weights of " + to_string(w) + " do not fit an input of " + to_string(x) + " with " +
                 std::to_string(groups) + (groups == 1 ? " group" : " groups"));
  in.require(window.kernel[0] == w[2] && window.kernel[1] == w[3],
             std::string(in.op) + " kernel of " + std::to_string(window.kernel[0]) + "x" +
                 std::to_string(window.kernel[1]) + " does not fit weights of " + to_string(w));
  const auto [rows, columns] = slide(window, x, in);
  return {x[0], w[0], rows, columns};
}

void require_per_channel(size_t count, const char* what, const Shape& out, const Operands& in) {
  in.require(int64_t(count) == out[1], std::string(in.op) + " has " + std::to_string(count) + " entries of " + what +
                                           " for " + std::to_string(out[1]) + " output channels");
}

}  // namespace

Types infer_op(const Conv& op, const Operands& in) {
  in.require(in.inputs.size() == 2 || in.inputs.size() == 3,
             "Conv has " + std::to_string(in.inputs.size()) + " inputs; supported: 2 or 3");
  for (size_t i = 0; i < in.inputs.size(); ++i) in.require_type(i, DType::f32);
  const Shape out = convolved(op.window, op.groups, in);
  if (in.inputs.size() == 3) in.require_shape(2, {out[1]});
  return {{DType::f32, out}};
}

Types infer_op(const QConv& op, const Operands& in) {
  in.require_inputs(op.residual ? 3 : 2);
  in.require_type(0, DType::u8);
  in.require_type(1, DType::s8);
  const Shape out = convolved(op.window, 1, in);
  if (op.residual) {
    in.require_type(2, DType::u8);
    in.require_shape(2, out);
  }
  require_per_channel(op.acc_bias.size(), "acc_bias", out, in);
  require_per_channel(op.multiplier.size(), "multiplier", out, in);
  require_per_channel(op.bias.size(), "bias", out, in);
  in.require(!op.lookup.empty() && in.declared.size() == op.lookup.size(),
             "QConv has " + std::to_string(in.declared.size()) + " outputs and " + std::to_string(op.lookup.size()) +
                 " lookup entries; supported: one or more, as many of each");
  Types outputs;
  for (size_t i = 0; i < in.declared.size(); ++i) {
    const DType type = in.declared[i].type;
    in.require(type == DType::u8 || (type == DType::f32 && !op.lookup[i]),
               "QConv output " + std::to_string(i) + " of " + name_of(type) + (op.lookup[i] ? " with a lookup" : "") +
                   " is unsupported; supported: u8, or f32 without a lookup");
    outputs.push_back({type, out});
  }
  return outputs;
}

Types infer_op(const FConv& op, const Operands& in) {
  in.require_inputs(op.residual ? 3 : 2);
  for (size_t i = 0; i < in.inputs.size(); ++i) in.require_type(i, DType::f32);
  const Shape out = convolved(op.window, 1, in);
  if (op.residual) in.require_shape(2, out);
  require_per_channel(op.bias.size(), "bias", out, in);
  return {{DType::f32, out}};
}

Types infer_op(const MaxPool& op, const Operands& in) {
  in.require_inputs(1);
  in.require_rank(0, 4);
  const auto& [type, shape] = in.inputs[0];
  in.require(type == DType::f32 || type == DType::u8 || type == DType::s8,
             std::string("MaxPool of ") + name_of(type) + " is unsupported; supported: f32, u8, s8");
  const auto [rows, columns] = slide(op.window, shape, in);
  return {{type, {shape[0], shape[1], rows, columns}}};
}

Types infer_op(const Resize& op, const Operands& in) {
  in.require_inputs(1);
  in.require_rank(0, 4);
  const Shape& shape = in.inputs[0].shape;
  for (const auto& [sources, size] : {std::pair(&op.source_row, shape[2]), std::pair(&op.source_col, shape[3])}) {
    in.require(!sources->empty(), "Resize to nothing is unsupported; supported: 1 or more rows and columns");
    for (int64_t s : *sources) {
      in.require(s >= 0 && s < size, "Resize reads index " + std::to_string(s) + " outside shape " + to_string(shape));
    }
  }
  return {{in.inputs[0].type, {shape[0], shape[1], int64_t(op.source_row.size()), int64_t(op.source_col.size())}}};
}

Types infer_op(const SpaceToDepth& op, const Operands& in) {
  in.require_inputs(1);
  in.require_rank(0, 4);
  constexpr int64_t kMost = 1 << 15;  // keeps rows * cols * C from overflowing
  in.require(op.rows >= 1 && op.cols >= 1 && op.rows <= kMost && op.cols <= kMost,
             "SpaceToDepth by " + std::to_string(op.rows) + "x" + std::to_string(op.cols) +
                 " is unsupported; supported: 1x1 or more");
  const auto& [type, s] = in.inputs[0];
  return {{type, {s[0], op.rows * op.cols * s[1], (s[2] + op.rows - 1) / op.rows, (s[3] + op.cols - 1) / op.cols}}};
}

Types infer_op(const Decode& op, const Operands& in) {
  in.require_inputs(op.levels.size());
  in.require(!op.levels.empty() && op.classes >= 0, "Decode needs one or more levels");
  const int64_t channels = 5 + op.classes;
  int64_t boxes = 0;
  for (size_t i = 0; i < op.levels.size(); ++i) {
    in.require_type(i, DType::f32);
    in.require_rank(i, 4);
    const Shape& s = in.inputs[i].shape;
    const int64_t anchors = int64_t(op.levels[i].anchors.size());
    in.require_shape(i, {in.inputs[0].shape[0], anchors * channels, s[2], s[3]});
    boxes += anchors * s[2] * s[3];
  }
  return {{DType::f32, {in.inputs[0].shape[0], boxes, channels}}};
}

}  // namespace rules
}  // namespace sparsec
