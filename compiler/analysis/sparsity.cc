// Counting: every weight is looked at once, block by block.
#include "compiler/analysis/sparsity.h"

#include <algorithm>
#include <utility>

namespace sparsec {
namespace {

// Calls visit(output channel, tap, block, non-zero weights, weights) for every block of weights [O,C,kh,kw].
template <typename T, typename Visit>
void for_each_block_of(const Tensor& weights, const Visit& visit) {
  const std::span<const T> w = weights.data<T>();
  const int64_t out = weights.shape[0], in = weights.shape[1], taps = weights.shape[2] * weights.shape[3];
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t first = 0; first < in; first += kBlock) {
        const int64_t end = std::min(first + kBlock, in);
        int64_t nonzero = 0;
        for (int64_t c = first; c < end; ++c) nonzero += w[size_t((o * in + c) * taps + tap)] != T(0);
        visit(o, tap, first / kBlock, nonzero, end - first);
      }
    }
  }
}

template <typename Visit>
void for_each_block(const Tensor& weights, const Visit& visit) {
  SPARSEC_CHECK(weights.shape.size() == 4, "convolution weights have four dimensions");
  if (weights.type == DType::s8) return for_each_block_of<int8_t>(weights, visit);
  SPARSEC_CHECK(weights.type == DType::f32, "convolution weights are s8 or f32");
  for_each_block_of<float>(weights, visit);
}

// The window of a convolution of either kind; null for other operators.
const Window* convolution_window(const Op& op) {
  if (const auto* conv = std::get_if<QConv>(&op)) return &conv->window;
  if (const auto* conv = std::get_if<FConv>(&op)) return &conv->window;
  return nullptr;
}

// The weights as the model has them: where a QConv reads copies of a tensor, the sums of its weights for the copies.
Tensor weights_of_model(const Tensor& w, int64_t summands) {
  const int64_t out = w.shape[0], per_copy = w.shape[1] / summands * w.shape[2] * w.shape[3];
  Tensor sums(DType::f32, {out, w.shape[1] / summands, w.shape[2], w.shape[3]});
  const auto from = w.data<int8_t>();
  const auto to = sums.data<float>();
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t k = 0; k < summands; ++k) {
      for (int64_t i = 0; i < per_copy; ++i) {
        to[size_t(o * per_copy + i)] += float(from[size_t((o * summands + k) * per_copy + i)]);
      }
    }
  }
  return sums;
}

LayerReport report_layer(const Graph& graph, const Node& node, const Window& window) {
  const Value& x = graph.value(node.inputs[0]);
  const Value& w = graph.value(node.inputs[1]);
  const Value& y = graph.value(node.outputs[0]);
  SPARSEC_CHECK(w.constant != nullptr, node.name);

  LayerReport layer;
  layer.name = node.name;
  layer.integer = std::holds_alternative<QConv>(node.op);
  layer.input = x.shape;
  layer.output = y.shape;
  layer.kernel = window.kernel;
  layer.strides = window.strides;
  const auto* q = std::get_if<QConv>(&node.op);
  if (q && q->summands > 1) layer.input[1] /= q->summands;
  const Tensor weights = q && q->summands > 1 ? weights_of_model(*w.constant, q->summands) : *w.constant;
  layer.counts = count_weights(weights);
  layer.map = map_blocks(weights);

  const int64_t pixels = y.shape[0] * y.shape[2] * y.shape[3];  // each weight meets each output pixel once
  layer.macs = layer.counts.weights * pixels;
  layer.macs_nonzero = (layer.counts.weights - layer.counts.zero_weights) * pixels;
  layer.macs_blocks = layer.counts.weights_in_blocks * pixels;
  return layer;
}

void add_to_total(LayerReport& total, const LayerReport& layer) {
  total.counts.weights += layer.counts.weights;
  total.counts.zero_weights += layer.counts.zero_weights;
  total.counts.blocks += layer.counts.blocks;
  total.counts.zero_blocks += layer.counts.zero_blocks;
  total.counts.weights_in_blocks += layer.counts.weights_in_blocks;
  total.macs += layer.macs;
  total.macs_nonzero += layer.macs_nonzero;
  total.macs_blocks += layer.macs_blocks;
  total.choice.predicted_ms += layer.choice.predicted_ms;
}

}  // namespace

WeightCounts count_weights(const Tensor& weights) {
  WeightCounts counts;
  for_each_block(weights, [&](int64_t, int64_t, int64_t, int64_t nonzero, int64_t size) {
    counts.weights += size;
    counts.zero_weights += size - nonzero;
    counts.blocks += 1;
    if (nonzero == 0) {
      counts.zero_blocks += 1;
    } else {
      counts.weights_in_blocks += size;
    }
  });
  return counts;
}

BlockMap map_blocks(const Tensor& weights) {
  const int64_t blocks_per_tap = (weights.shape[1] + kBlock - 1) / kBlock;
  BlockMap map{.rows = weights.shape[0], .columns = weights.shape[2] * weights.shape[3] * blocks_per_tap, .bits = {}};
  map.bits.resize(size_t((map.rows * map.columns + 7) / 8));
  for_each_block(weights, [&](int64_t o, int64_t tap, int64_t block, int64_t nonzero, int64_t) {
    const int64_t i = o * map.columns + tap * blocks_per_tap + block;
    if (nonzero) map.bits[size_t(i / 8)] |= uint8_t(1u << (i % 8));
  });
  return map;
}

SparsityReport analyse_sparsity(const Graph& graph, const ChooseKernel& choose) {
  SparsityReport report;
  for (const Node& node : graph.nodes) {
    const Window* window = convolution_window(node.op);
    if (window == nullptr) continue;
    LayerReport layer = report_layer(graph, node, *window);
    if (choose) layer.choice = choose(graph, node, layer.counts);
    add_to_total(report.total, layer);
    report.layers.push_back(std::move(layer));
  }
  report.total.name = "total";
  return report;
}

void set_choices(SparsityReport& report, const std::map<std::string, KernelChoice>& by_layer) {
  report.total.choice.predicted_ms = 0;
  for (LayerReport& layer : report.layers) {
    const auto found = by_layer.find(layer.name);
    if (found != by_layer.end()) layer.choice = found->second;
    report.total.choice.predicted_ms += layer.choice.predicted_ms;
  }
}

}  // namespace sparsec
