// Padding fusion: a Pad that feeds a convolution or a max-pool moves into its window.
//
// A convolution reads 0 outside its picture, so a Pad on H and W fits when its value reaches the convolution as exactly
// 0, be it through Quantize and Dequantize in between (which are copied for this convolution, below the Pad). A
// max-pool's own padding never wins, so a Pad fits that cannot win either: minus infinity, or a value that no input is
// below, as long as every window holds a real pixel.
#include <cmath>
#include <limits>
#include <ranges>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

// What a stored value is after a quantiser, on its way to the convolution.
std::optional<float> pass_through(const Graph& graph, const Node& node, float v) {
  if (const Quantize* op = as<Quantize>(node); op && op->q.per_tensor()) {
    const DType type = graph.value(node.outputs[0]).type;
    if (type != DType::u8 && type != DType::s8) return std::nullopt;
    const float low = type == DType::u8 ? 0.0f : -128.0f;
    return std::fmin(std::fmax(std::nearbyint(v / op->q.scale[0]) + float(op->q.zero_point[0]), low), low + 255.0f);
  }
  if (const Dequantize* op = as<Dequantize>(node); op && op->q.per_tensor()) {
    return op->q.scale[0] * (v - float(op->q.zero_point[0]));
  }
  return std::nullopt;
}

bool only_rows_and_columns(const Pad& pad) {
  return pad.before.size() == 4 && pad.before[0] == 0 && pad.after[0] == 0 && pad.before[1] == 0 && pad.after[1] == 0;
}

Pads sum(const Pads& pads, const Pad& pad) {
  return {pads.top + pad.before[2], pads.left + pad.before[3], pads.bottom + pad.after[2], pads.right + pad.after[3]};
}

// The Pad above value `id`, and the quantisers between them, nearest to `id` first.
struct PadAbove {
  const Node* node = nullptr;
  std::vector<int32_t> between;
};
PadAbove find_pad(const Graph& graph, const Links& links, ValueId id) {
  PadAbove found;
  while (links.producer(id) >= 0) {
    const Node& node = graph.nodes[size_t(links.producer(id))];
    if (const Pad* pad = as<Pad>(node)) {
      if (only_rows_and_columns(*pad)) found.node = &node;
      return found;
    }
    if (!as<Quantize>(node) && !as<Dequantize>(node)) return found;
    found.between.push_back(links.producer(id));
    id = node.inputs[0];
  }
  return found;
}

bool reads_zero(const Graph& graph, const PadAbove& pad) {
  std::optional<float> v = as<Pad>(*pad.node)->value;
  for (const int32_t quantiser : std::views::reverse(pad.between)) {
    if (v) v = pass_through(graph, graph.nodes[size_t(quantiser)], *v);
  }
  return v == 0.0f;
}

// Conv(q(Pad(x))) -> Conv(q(x)) with the padding in its window, where q stands for any chain of quantisers.
bool fuse_into_conv(Graph& graph, const Links& links, size_t index) {
  const PadAbove above = find_pad(graph, links, graph.nodes[index].inputs[0]);
  if (!above.node || !reads_zero(graph, above)) return false;
  const Pad pad = *as<Pad>(*above.node);
  ValueId x = above.node->inputs[0];
  for (const int32_t index_above : std::views::reverse(above.between)) {
    const Node quantiser = graph.nodes[size_t(index_above)];
    const DType type = graph.value(quantiser.outputs[0]).type;
    x = append(graph, quantiser.name, quantiser.op, {x}, TypeAndShape{type, graph.value(x).shape});
  }
  Node& node = graph.nodes[index];
  node.inputs[0] = x;
  Window& window = std::get<Conv>(node.op).window;
  window.pads = sum(window.pads, pad);
  return true;
}

// No element of `id` is below `bound`.
bool never_below(const Graph& graph, const Links& links, ValueId id, float bound) {
  const DType type = graph.value(id).type;
  if (type == DType::u8) return bound <= 0;
  if (type == DType::s8) return bound <= -128;
  if (bound <= std::numeric_limits<float>::lowest()) return true;
  if (bound > 0 || links.producer(id) < 0) return false;
  const Node& node = graph.nodes[size_t(links.producer(id))];
  if (const Dequantize* dq = as<Dequantize>(node); dq && graph.value(node.inputs[0]).type == DType::u8) {
    return dq->q.per_tensor() && dq->q.zero_point[0] == 0;
  }
  const Unary* op = as<Unary>(node);
  if (!op) return false;
  switch (op->kind) {
    case UnaryKind::relu:
    case UnaryKind::sigmoid:
    case UnaryKind::hard_sigmoid:
    case UnaryKind::exp:
    case UnaryKind::sqrt:
    case UnaryKind::abs:
      return true;
    case UnaryKind::clip:
      return op->alpha >= 0;
    default:
      return false;
  }
}

bool fuse_into_pool(Graph& graph, const Links& links, size_t index) {
  Node& node = graph.nodes[index];
  const Node* above = produced_by<Pad>(graph, links, node.inputs[0]);
  if (!above || !only_rows_and_columns(*as<Pad>(*above))) return false;
  const Pad& pad = *as<Pad>(*above);
  if (!never_below(graph, links, above->inputs[0], pad.value)) return false;
  Window& window = std::get<MaxPool>(node.op).window;
  const Pads pads = sum(window.pads, pad);
  const auto reach = [&](size_t d) { return (window.kernel[d] - 1) * window.dilations[d] + 1; };
  // A dilated window could step over a narrow picture: only plain ones are proved to hold a real pixel.
  if (window.dilations != std::array<int64_t, 2>{1, 1}) return false;
  if (pads.top >= reach(0) || pads.bottom >= reach(0) || pads.left >= reach(1) || pads.right >= reach(1)) return false;
  node.inputs[0] = above->inputs[0];
  window.pads = pads;
  return true;
}

}  // namespace

Graph fuse_padding(Graph graph) {
  bool changed = true;
  while (changed) {  // a Pad may stand on another
    const Links links(graph);
    const size_t count = graph.nodes.size();
    changed = false;
    for (size_t i = 0; i < count; ++i) {
      if (as<Conv>(graph.nodes[i])) changed |= fuse_into_conv(graph, links, i);
      if (as<MaxPool>(graph.nodes[i])) changed |= fuse_into_pool(graph, links, i);
    }
    graph = tidy(std::move(graph));
  }
  return graph;
}

}  // namespace sparsec::passes
