// Strided convolutions without strides, by phases.
//
// Output row y reads input rows y*s + i*d - p for taps i (stride s, dilation d, padding p). Write that row as s * (y +
// t) + r with 0 <= r < s: it is row y + t of phase r, and SpaceToDepth makes every phase a channel. So tap i becomes a
// tap at offset t of input channels [r*C, (r+1)*C), the offsets t span the new kernel, and positions that no tap falls
// on are zeros:
//
//   3x3, stride 2, padding 1 -> 2x2 over 4C channels, padded by 1 above and left;  6x6, stride 2, padding 2 -> 3x3 over
//   4C channels, padded by 1
//
// Rows and columns alike. The padding below is what keeps the output's size; where that would be negative, the kernel
// grows by rows of zeros instead.
#include <map>

#include "compiler/passes/passes.h"
#include "compiler/passes/phased_window.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

// With rows of zeros for what would be negative padding.
PhasedWindow strided(int64_t size, int64_t out, int64_t taps, int64_t s, int64_t d, int64_t before) {
  PhasedWindow window(size, out, 1, taps, s, d, before);
  if (window.new_after < 0) {
    window.kernel -= window.new_after;
    window.new_after = 0;
  }
  return window;
}

Tensor phased_weights(const Tensor& w, const PhasedWindow& rows, const PhasedWindow& cols) {
  const int64_t out = w.shape[0], in = w.shape[1];
  const int64_t new_in = rows.stride * cols.stride * in;
  Tensor phased(w.type, {out, new_in, rows.kernel, cols.kernel});
  const size_t element = size_of(w.type);
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t c = 0; c < in; ++c) {
      for (int64_t i = 0; i < w.shape[2]; ++i) {
        for (int64_t j = 0; j < w.shape[3]; ++j) {
          const int64_t from = ((o * in + c) * w.shape[2] + i) * w.shape[3] + j;
          const int64_t channel = (rows.phase(0, i) * cols.stride + cols.phase(0, j)) * in + c;
          const int64_t to =
              ((o * new_in + channel) * rows.kernel + rows.position(0, i)) * cols.kernel + cols.position(0, j);
          std::memcpy(phased.bytes.data() + size_t(to) * element, w.bytes.data() + size_t(from) * element, element);
        }
      }
    }
  }
  return phased;
}

Window* conv_window(Node& node) {
  if (QConv* conv = std::get_if<QConv>(&node.op)) return &conv->window;
  if (FConv* conv = std::get_if<FConv>(&node.op)) return &conv->window;
  return nullptr;
}

class Lowering {
 public:
  explicit Lowering(Graph& graph) : graph_(graph) {}

  void run() {
    const size_t count = graph_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      const Window* window = conv_window(graph_.nodes[i]);
      if (window && window->strides != std::array<int64_t, 2>{1, 1}) lower(i);
    }
  }

 private:
  void lower(size_t index) {
    const Node node = graph_.nodes[index];
    const Window old = *conv_window(graph_.nodes[index]);
    const Shape x = graph_.value(node.inputs[0]).shape, out = graph_.value(node.outputs[0]).shape;
    const PhasedWindow rows = strided(x[2], out[2], old.kernel[0], old.strides[0], old.dilations[0], old.pads.top);
    const PhasedWindow cols = strided(x[3], out[3], old.kernel[1], old.strides[1], old.dilations[1], old.pads.left);

    const Tensor* w = constant(graph_, node.inputs[1]);
    SPARSEC_CHECK(w, "weights of " + node.name + " are not constant");
    const ValueId weights = graph_.add_constant(graph_.value(node.inputs[1]).name, phased_weights(*w, rows, cols));
    const ValueId phases = space_to_depth(node, rows.stride, cols.stride);

    Node& lowered = graph_.nodes[index];
    lowered.inputs[0] = phases;
    lowered.inputs[1] = weights;
    *conv_window(lowered) = Window{.kernel = {rows.kernel, cols.kernel},
                                   .pads = {rows.new_before, cols.new_before, rows.new_after, cols.new_after}};
  }

  // The phases of the node's input, made once for all convolutions of that stride. What is missing at the end reads as
  // the surroundings of a picture do: the zero point.
  ValueId space_to_depth(const Node& node, int64_t rows, int64_t cols) {
    const ValueId x = node.inputs[0];
    ValueId& phases = made_.try_emplace({x, rows, cols}, kNoValue).first->second;
    if (phases == kNoValue) {
      const std::optional<Quant> quant = graph_.value(x).quant;
      const float fill = quant ? float(quant->zero_point) : 0.0f;
      phases = append(graph_, node.name + ".phases", SpaceToDepth{rows, cols, fill}, {x}, std::nullopt, quant);
    }
    return phases;
  }

  Graph& graph_;
  std::map<std::tuple<ValueId, int64_t, int64_t>, ValueId> made_;
};

}  // namespace

Graph lower_strides(Graph graph) {
  Lowering(graph).run();
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
