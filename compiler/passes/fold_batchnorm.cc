// Everything affine per channel after a convolution goes into its weights and bias:
//
//   conv -> BatchNorm                     scale = gamma / sqrt(var + eps), shift = beta - mean * scale
//   conv -> Mul, Div, Add, Sub by a constant per output channel
//
// one step at a time until nothing follows. ConvInteger, as import writes it, is such a chain: Conv of unscaled
// integers, Mul by the scales, Add of the bias; the scales end up in the Dequantize of the weights. A BatchNorm that
// follows no convolution becomes Mul and Add.
#include <cmath>

#include "compiler/passes/conv_weights.h"
#include "compiler/passes/passes.h"

namespace sparsec::passes {
namespace {

struct Affine {
  std::vector<float> scale, shift;  // per channel
};

std::optional<Affine> affine_of_batchnorm(const Graph& graph, const Node& node) {
  const float epsilon = as<BatchNorm>(node)->epsilon;
  std::array<std::span<const float>, 4> p;  // gamma, beta, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const Tensor* t = constant(graph, node.inputs[i + 1]);
    if (!t || t->type != DType::f32) return std::nullopt;
    p[i] = t->data<float>();
  }
  Affine affine;
  for (size_t c = 0; c < p[0].size(); ++c) {
    const float scale = p[0][c] / std::sqrt(p[3][c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(p[1][c] - p[2][c] * scale);
  }
  return affine;
}

// What `node` does to its input `x`, when that is one multiplication and one addition per channel.
std::optional<Affine> affine_of(const Graph& graph, const Node& node, ValueId x) {
  if (as<BatchNorm>(node)) return node.inputs[0] == x ? affine_of_batchnorm(graph, node) : std::nullopt;
  const Binary* op = as<Binary>(node);
  if (!op || graph.value(node.outputs[0]).shape != graph.value(x).shape) return std::nullopt;
  const bool x_first = node.inputs[0] == x;
  const size_t channels = size_t(graph.value(x).shape[1]);
  std::optional<std::vector<float>> c = constant_per_channel(graph, node.inputs[x_first ? 1 : 0], int64_t(channels));
  if (!c) return std::nullopt;
  const std::vector<float> ones(channels, 1.0f), zeros(channels, 0.0f);
  switch (op->kind) {
    case BinaryKind::mul:
      return Affine{*c, zeros};
    case BinaryKind::add:
      return Affine{ones, *c};
    case BinaryKind::sub:
      if (x_first) {
        for (float& v : *c) v = -v;
        return Affine{ones, *c};
      }
      return Affine{std::vector<float>(channels, -1.0f), *c};
    case BinaryKind::div:
      if (!x_first) return std::nullopt;
      for (float& v : *c) v = 1.0f / v;
      return Affine{*c, zeros};
    default:
      return std::nullopt;
  }
}

// Folds what follows each convolution once; returns whether anything was.
bool fold_once(Graph& graph) {
  const Links links(graph);
  bool changed = false;
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    if (!as<Conv>(graph.nodes[i])) continue;
    const ValueId x = graph.nodes[i].outputs[0];
    const int32_t next = links.sole_consumer(x);
    if (next < 0) continue;
    const std::optional<Affine> affine = affine_of(graph, graph.nodes[size_t(next)], x);
    if (!affine || !scale_outputs(graph, links, i, affine->scale, affine->shift)) continue;
    replace_uses(graph, graph.nodes[size_t(next)].outputs[0], x);
    changed = true;
  }
  if (changed) graph = tidy(std::move(graph));
  return changed;
}

void spell_out(Graph& graph, size_t batchnorm) {
  const Node node = graph.nodes[batchnorm];
  const std::optional<Affine> affine = affine_of_batchnorm(graph, node);
  if (!affine) {
    throw CompileError(describe(graph, node) +
                       ": scale, bias, mean or variance is computed at run time; supported: constants");
  }
  const Shape per_channel{int64_t(affine->scale.size()), 1, 1};
  const ValueId scale = graph.add_constant(node.name + ".scale", Tensor::of<float>(per_channel, affine->scale));
  const ValueId shift = graph.add_constant(node.name + ".shift", Tensor::of<float>(per_channel, affine->shift));
  const ValueId product = append(graph, node.name, Binary{BinaryKind::mul}, {node.inputs[0], scale});
  const ValueId sum = append(graph, node.name, Binary{BinaryKind::add}, {product, shift});
  replace_uses(graph, node.outputs[0], sum);
}

}  // namespace

Graph fold_batchnorm(Graph graph) {
  while (fold_once(graph)) {
  }
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    if (as<BatchNorm>(graph.nodes[i])) spell_out(graph, i);
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
