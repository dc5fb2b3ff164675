// A convolution between two SpaceToDepth works on their phases, and both become one.
//
// lower_strides leaves chains like stem -> SpaceToDepth -> convolution. Output row y = s*Y + r of the stem reads input
// rows y + i - p for taps i, and row s*(Y + u) + q of its input is row Y + u of phase q. So phase r of the output at Y
// is a convolution over the phases of the input, with taps at u = floor((r + i - p) / s): an output channel for each
// phase r, an input channel for each phase q, and zeros where no tap falls. Products stay as many; the intermediate
// picture is never taken apart, and the input's channels, few as they are in a stem, become s*s times as many, which
// fills the tiles of matrix units. The phases of the input are made by the SpaceToDepth that was there, which takes the
// picture apart once, by the product of both strides.
//
// Of the new weights all but one in s*s are zeros, which only sparse kernels skip. So this is done while the widened
// input still fits one tile of a matrix unit; beyond that zeros cost time, and with large strides any amount of memory.
//
//   YOLOv5's stem: 3x3 over 12 channels at 320x320 and SpaceToDepth 2x2 -> 3x3 over 48 channels, 128 out, at 160x160
#include "compiler/passes/passes.h"
#include "compiler/passes/phased_window.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

constexpr int64_t kMaxChannels = 64;  // input channels of a tile

// `inner`, the SpaceToDepth of the convolution's input, and `outer`, that of its output.
struct Phases {
  SpaceToDepth inner, outer;
  int64_t rows() const { return inner.rows * outer.rows; }
  int64_t cols() const { return inner.cols * outer.cols; }
  // Channel c of the inner phases, at phase (q, k) of the outer ones, as a channel of the picture taken apart once.
  int64_t channel(int64_t c, int64_t q, int64_t k, int64_t channels) const {
    const int64_t phase = c / channels, row = q * inner.rows + phase / inner.cols,
                  col = k * inner.cols + phase % inner.cols;
    return (row * cols() + col) * channels + c % channels;
  }
};

Tensor phased_weights(const Tensor& w, const Phases& phases, const PhasedWindow& rows, const PhasedWindow& cols) {
  const int64_t out = w.shape[0], in = w.shape[1], channels = in / (phases.inner.rows * phases.inner.cols);
  Tensor phased(w.type, {rows.stride * cols.stride * out, rows.stride * cols.stride * in, rows.kernel, cols.kernel});
  const size_t element = size_of(w.type);
  for (int64_t r = 0; r < rows.stride; ++r)
    for (int64_t c = 0; c < cols.stride; ++c)
      for (int64_t o = 0; o < out; ++o)
        for (int64_t channel = 0; channel < in; ++channel)
          for (int64_t i = 0; i < w.shape[2]; ++i)
            for (int64_t j = 0; j < w.shape[3]; ++j) {
              const int64_t from = ((o * in + channel) * w.shape[2] + i) * w.shape[3] + j;
              const int64_t to_row = (r * cols.stride + c) * out + o;
              const int64_t to_channel = phases.channel(channel, rows.phase(r, i), cols.phase(c, j), channels);
              const int64_t to =
                  ((to_row * phased.shape[1] + to_channel) * rows.kernel + rows.position(r, i)) * cols.kernel +
                  cols.position(c, j);
              std::memcpy(phased.bytes.data() + size_t(to) * element, w.bytes.data() + size_t(from) * element, element);
            }
  return phased;
}

template <typename T>
void repeat(std::vector<T>& values, int64_t times) {
  const std::vector<T> once = values;
  for (int64_t i = 1; i < times; ++i) values.insert(values.end(), once.begin(), once.end());
}

// The convolution's operator over phases: its window, and every channel's numbers once a phase.
Op phased_op(const Node& conv, const Window& window, int64_t phases) {
  Op op = conv.op;
  if (QConv* q = std::get_if<QConv>(&op)) {
    q->window = window;
    repeat(q->acc_bias, phases);
    repeat(q->multiplier, phases);
    repeat(q->bias, phases);
  } else {
    FConv& f = std::get<FConv>(op);
    f.window = window;
    repeat(f.bias, phases);
  }
  return op;
}

// The window of a convolution that may be written over phases; null for every other node.
const Window* plain_window(const Node& node) {
  const auto* q = as<QConv>(node);
  const auto* f = as<FConv>(node);
  if ((!q && !f) || (q ? q->residual : f->residual) || node.outputs.size() != 1) return nullptr;
  const Window& w = q ? q->window : f->window;
  constexpr std::array<int64_t, 2> kOnes{1, 1};
  return w.strides == kOnes && w.dilations == kOnes ? &w : nullptr;
}

class Rewrite {
 public:
  explicit Rewrite(Graph& graph) : graph_(graph) {}

  void run() {
    const size_t count = graph_.nodes.size();
    for (size_t i = 0; i < count; ++i)
      if (std::holds_alternative<SpaceToDepth>(graph_.nodes[i].op)) try_at(Node(graph_.nodes[i]));
  }

 private:
  void try_at(const Node& outer) {
    const Links links(graph_);  // of the graph as earlier rewrites left it
    const int32_t producer = links.producer(outer.inputs[0]);
    if (producer < 0 || links.uses(outer.inputs[0]) != 1) return;
    const Node conv = graph_.nodes[size_t(producer)];
    const Window* w = plain_window(conv);
    if (!w) return;  // and nothing is known of its inputs
    const Node* inner = produced_by<SpaceToDepth>(graph_, links, conv.inputs[0]);
    const Tensor* weights = constant(graph_, conv.inputs[1]);
    if (!inner || !weights || links.uses(conv.inputs[0]) != 1) return;

    const Phases phases{std::get<SpaceToDepth>(inner->op), std::get<SpaceToDepth>(outer.op)};
    const ValueId picture = inner->inputs[0];
    const Shape whole = graph_.value(picture).shape, x = graph_.value(conv.inputs[0]).shape,
                y = graph_.value(conv.outputs[0]).shape;
    if (whole[2] % phases.rows() != 0 || whole[3] % phases.cols() != 0 || y[2] % phases.outer.rows != 0 ||
        y[3] % phases.outer.cols != 0)
      return;
    if (x[1] * phases.outer.rows * phases.outer.cols > kMaxChannels) return;
    const int64_t by_rows = phases.outer.rows, by_cols = phases.outer.cols;
    const PhasedWindow rows(x[2], y[2] / by_rows, by_rows, w->kernel[0], by_rows, 1, w->pads.top),
        cols(x[3], y[3] / by_cols, by_cols, w->kernel[1], by_cols, 1, w->pads.left);
    if (rows.new_after < 0 || cols.new_after < 0) return;

    const Window window{.kernel = {rows.kernel, cols.kernel},
                        .pads = {rows.new_before, cols.new_before, rows.new_after, cols.new_after}};
    const SpaceToDepth apart{phases.rows(), phases.cols(), phases.inner.fill};
    const std::string inner_name = inner->name;  // `inner` dies with the next line
    const ValueId taken = append(graph_, inner_name, apart, {picture}, std::nullopt, graph_.value(picture).quant);
    const ValueId constants =
        graph_.add_constant(graph_.value(conv.inputs[1]).name, phased_weights(*weights, phases, rows, cols));
    const Value& out = graph_.value(outer.outputs[0]);
    const ValueId phased = append(graph_, conv.name, phased_op(conv, window, phases.outer.rows * phases.outer.cols),
                                  {taken, constants}, TypeAndShape{out.type, out.shape}, out.quant);
    replace_uses(graph_, outer.outputs[0], phased);
  }

  Graph& graph_;
};

}  // namespace

Graph write_phases(Graph graph) {
  Rewrite(graph).run();
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
