// Operators that slide a window, and the batch norm that goes with them.
#include "compiler/import/onnx_convolution.h"

#include "compiler/import/onnx_ops.h"

namespace sparsec::importer {
namespace {

constexpr int64_t kLargest = 1 << 20;  // of a window's numbers, so that their products cannot overflow

// A number of attribute `name` that must be between `least` and kLargest.
void check_number(NodeImport& n, const std::string& name, int64_t v, int64_t least) {
  n.require(v >= least && v <= kLargest, name + " has " + std::to_string(v) + "; supported: " + std::to_string(least) +
                                             " to " + std::to_string(kLargest));
}

std::array<int64_t, 2> pair_of(NodeImport& n, const char* name, std::array<int64_t, 2> otherwise) {
  const std::vector<int64_t> given = n.integers(name, {otherwise[0], otherwise[1]});
  n.require(given.size() == 2,
            std::string(name) + " has " + std::to_string(given.size()) + " entries; supported: 2 (rows and columns)");
  for (int64_t v : given) check_number(n, name, v, 1);
  return {given[0], given[1]};
}

// Padding of one dimension that makes ceil(size / stride) outputs; the odd one goes to the end or to the start.
std::array<int64_t, 2> same_padding(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, bool odd_at_end) {
  const int64_t outputs = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - size);
  const int64_t smaller = total / 2;
  return odd_at_end ? std::array{smaller, total - smaller} : std::array{total - smaller, smaller};
}

// With ceil_mode the last window may hang over the end, as long as it starts before the end of the input. Padding at
// the end is changed until plain division gives as many windows.
int64_t pad_for_ceil(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t after) {
  const int64_t reach = (kernel - 1) * dilation + 1, slack = size + before + after - reach;
  if (slack < 0) return after;  // inference says no
  int64_t outputs = (slack + stride - 1) / stride + 1;
  if ((outputs - 1) * stride >= size + before) --outputs;
  const int64_t least = (outputs - 1) * stride + reach - size - before;  // padding that just makes them
  return std::max<int64_t>(0, std::max(least, std::min(after, least + stride - 1)));
}

// y = scale * (x - mean) / sqrt(var + epsilon) + b
void batch_normalization(NodeImport& n) {
  n.require(n.integer("training_mode", 0) == 0, "training_mode=1 is unsupported; supported: 0");
  n.require(n.integer("spatial", 1) == 1, "spatial=0 is unsupported; supported: 1");
  for (size_t i = 1; i < n.node.outputs.size(); ++i) {
    n.require(!n.wants(i), "output " + std::to_string(i) + " is used; supported: inference, with one output");
  }
  n.require(n.input_count() == 5, "has " + std::to_string(n.input_count()) + " inputs; supported: 5");
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < 5; ++i) inputs.push_back(n.float_input(i));
  n.output(0, n.emit(BatchNorm{n.real("epsilon", 1e-5f)}, inputs));
}

void conv(NodeImport& n) {
  n.require(n.input_count() == 2 || n.input_count() == 3,
            "has " + std::to_string(n.input_count()) + " inputs; supported: 2 or 3");
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < n.input_count(); ++i) inputs.push_back(n.float_input(i));
  n.output(0, n.emit(convolution_of(n, n.value(0).shape, n.value(1).shape), inputs));
}

void max_pool(NodeImport& n) {
  n.require(!n.wants(1), "the output Indices is unsupported; supported: one output");
  n.require(n.has_attribute("kernel_shape"), "has no kernel_shape");
  const Binding x = n.input(0);
  const DType type = n.value(0).type;
  n.require(x.as != Carried::s32_as_f32 && (type == DType::f32 || type == DType::u8 || type == DType::s8),
            "the input is of an unsupported type; supported: f32, u8, s8");
  const Window window = window_of(n, n.value(0).shape, pair_of(n, "kernel_shape", {1, 1}));
  n.output(0, n.emit(MaxPool{window}, {x.id}), x.as);
}

}  // namespace

Window window_of(NodeImport& n, const Shape& x, std::array<int64_t, 2> kernel) {
  n.require(x.size() == 4, "the input has shape " + to_string(x) + "; supported: 4 dimensions (N,C,H,W)");
  Window w;
  w.kernel = kernel;
  w.strides = pair_of(n, "strides", {1, 1});
  w.dilations = pair_of(n, "dilations", {1, 1});
  for (size_t d = 0; d < 2; ++d) {
    n.require(kernel[d] <= kLargest / w.dilations[d],
              "a window of " + std::to_string(kernel[d]) + " with dilation " + std::to_string(w.dilations[d]) +
                  " is too big; supported: a product up to " + std::to_string(kLargest));
  }
  const std::string auto_pad = n.text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    const bool end = auto_pad == "SAME_UPPER";
    const auto rows = same_padding(x[2], w.kernel[0], w.strides[0], w.dilations[0], end);
    const auto cols = same_padding(x[3], w.kernel[1], w.strides[1], w.dilations[1], end);
    w.pads = {rows[0], cols[0], rows[1], cols[1]};
  } else if (auto_pad == "NOTSET") {
    const std::vector<int64_t> pads = n.integers("pads", {0, 0, 0, 0});
    n.require(pads.size() == 4, "pads has " + std::to_string(pads.size()) + " entries; supported: 4");
    for (int64_t p : pads) check_number(n, "pads", p, 0);
    w.pads = {pads[0], pads[1], pads[2], pads[3]};
  } else {
    n.require(auto_pad == "VALID",
              "auto_pad=" + auto_pad + " is unsupported; supported: NOTSET, SAME_UPPER, SAME_LOWER, VALID");
  }
  if (n.integer("ceil_mode", 0) != 0) {
    w.pads.bottom = pad_for_ceil(x[2], w.kernel[0], w.strides[0], w.dilations[0], w.pads.top, w.pads.bottom);
    w.pads.right = pad_for_ceil(x[3], w.kernel[1], w.strides[1], w.dilations[1], w.pads.left, w.pads.right);
  }
  return w;
}

Conv convolution_of(NodeImport& n, const Shape& x, const Shape& w) {
  n.require(x.size() == 4 && w.size() == 4, "input of shape " + to_string(x) + " and weights of shape " + to_string(w) +
                                                " are unsupported; supported: 4 dimensions each");
  const auto kernel = pair_of(n, "kernel_shape", {w[2], w[3]});
  const int64_t groups = n.integer("group", 1);
  n.require(groups >= 1, "group=" + std::to_string(groups) + " is unsupported; supported: 1 or more");
  return {window_of(n, x, kernel), groups};
}

std::span<const OpRow> convolution_ops() {
  static constexpr OpRow rows[] = {
      {"", "Conv", 1, conv}, {"", "MaxPool", 1, max_pool}, {"", "BatchNormalization", 7, batch_normalization}};
  return rows;
}

}  // namespace sparsec::importer
