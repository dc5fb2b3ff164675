// Rewriting weights: a new constant beside the old one, under a new Dequantize where there was one.
#include "compiler/passes/conv_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/oracle/evaluate.h"

namespace sparsec::passes {

ConstantInput constant_input(const Graph& graph, const Links& links, ValueId id) {
  if (const Tensor* t = constant(graph, id)) return {t, nullptr};
  if (const Node* dq = produced_by<Dequantize>(graph, links, id)) {
    if (const Tensor* t = constant(graph, dq->inputs[0])) return {t, as<Dequantize>(*dq)};
  }
  return {};
}

std::optional<std::vector<float>> float_bias(const Graph& graph, const Links& links, const Node& conv) {
  const size_t channels = size_t(graph.value(conv.outputs[0]).shape[1]);
  if (conv.inputs.size() < 3 || conv.inputs[2] == kNoValue) return std::vector<float>(channels, 0.0f);
  const ConstantInput b = constant_input(graph, links, conv.inputs[2]);
  if (!b.tensor) return std::nullopt;
  TensorPtr floats = graph.value(conv.inputs[2]).constant;
  if (b.dequantize) {
    const Node& dq = graph.nodes[size_t(links.producer(conv.inputs[2]))];
    floats = oracle::evaluate(graph, dq, {graph.value(dq.inputs[0]).constant})[0];
  }
  const auto data = floats->data<float>();
  return std::vector<float>(data.begin(), data.end());
}

namespace {

// Integer weights times scale[o]: a new scale per output channel, and new integers where a scale is not positive.
struct ScaledIntegers {
  QuantParams q;
  std::optional<Tensor> integers;  // absent: as they were
};

// Changes the sign of q about its zero point: 2 * zero_point - q. False where that leaves the type.
template <typename T>
bool negate(std::span<T> filter, int32_t zero_point) {
  for (T& q : filter) {
    const int64_t negated = 2 * int64_t(zero_point) - int64_t(q);
    if (negated < std::numeric_limits<T>::min() || negated > std::numeric_limits<T>::max()) return false;
    q = T(negated);
  }
  return true;
}

template <typename T>
bool fix_signs(Tensor& t, std::vector<float>& scale, const std::vector<int32_t>& zero_point) {
  const auto data = t.data<T>();
  const size_t filter = data.size() / scale.size();
  for (size_t o = 0; o < scale.size(); ++o) {
    const auto taps = data.subspan(o * filter, filter);
    if (scale[o] < 0) {
      if (!negate(taps, zero_point[o])) return false;
      scale[o] = -scale[o];
    } else if (scale[o] == 0) {  // the channel is its shift alone
      std::ranges::fill(taps, T(zero_point[o]));
      scale[o] = 1;
    }
  }
  return true;
}

std::optional<ScaledIntegers> scale_integers(const Tensor& w, const QuantParams& old, const std::vector<float>& scale) {
  if (!old.per_tensor() && old.axis != 0) return std::nullopt;
  ScaledIntegers result{{scale, std::vector<int32_t>(scale.size()), 0}, std::nullopt};
  for (size_t o = 0; o < scale.size(); ++o) {
    const size_t from = old.per_tensor() ? 0 : o;
    result.q.scale[o] *= old.scale[from];
    result.q.zero_point[o] = old.zero_point[from];
    if (!std::isfinite(result.q.scale[o])) return std::nullopt;
  }
  if (std::ranges::all_of(result.q.scale, [](float s) { return s > 0; })) return result;
  result.integers = w;
  const bool fixed = w.type == DType::s8   ? fix_signs<int8_t>(*result.integers, result.q.scale, result.q.zero_point)
                     : w.type == DType::u8 ? fix_signs<uint8_t>(*result.integers, result.q.scale, result.q.zero_point)
                                           : false;
  return fixed ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace

bool scale_outputs(Graph& graph, const Links& links, size_t conv, const std::vector<float>& scale,
                   const std::vector<float>& shift) {
  const Node node = graph.nodes[conv];
  const ConstantInput w = constant_input(graph, links, node.inputs[1]);
  std::optional<std::vector<float>> bias = float_bias(graph, links, node);
  if (!w.tensor || !bias) return false;

  ValueId weights = kNoValue;
  if (w.dequantize) {
    std::optional<ScaledIntegers> scaled = scale_integers(*w.tensor, w.dequantize->q, scale);
    if (!scaled) return false;
    const Node dq = graph.nodes[size_t(links.producer(node.inputs[1]))];
    ValueId integers = dq.inputs[0];
    if (scaled->integers) integers = graph.add_constant(graph.value(integers).name, std::move(*scaled->integers));
    weights = append(graph, dq.name, Dequantize{std::move(scaled->q)}, {integers});
  } else {
    Tensor scaled = *w.tensor;
    const auto data = scaled.data<float>();
    const size_t filter = data.size() / scale.size();
    for (size_t i = 0; i < data.size(); ++i) data[i] *= scale[i / filter];
    weights = graph.add_constant(graph.value(node.inputs[1]).name, std::move(scaled));
  }

  bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  for (size_t o = 0; o < scale.size(); ++o) {
    (*bias)[o] = (*bias)[o] * scale[o] + shift[o];
    has_bias |= shift[o] != 0;
  }
  std::vector<ValueId> inputs{node.inputs[0], weights};
  if (has_bias) {
    inputs.push_back(graph.add_constant(node.name + ".bias", Tensor::of<float>({int64_t(bias->size())}, *bias)));
  }
  graph.nodes[conv].inputs = std::move(inputs);
  return true;
}

bool can_permute_inputs(const Graph& graph, const Links& links, const Node& conv) {
  const Conv* op = as<Conv>(conv);
  return op && op->groups == 1 && constant_input(graph, links, conv.inputs[1]).tensor;
}

void permute_inputs(Graph& graph, const Links& links, size_t conv, const std::vector<int64_t>& from) {
  const ValueId old = graph.nodes[conv].inputs[1];
  const ConstantInput w = constant_input(graph, links, old);
  Tensor permuted(w.tensor->type, w.tensor->shape);
  const size_t channels = from.size();
  const size_t slice =
      w.tensor->bytes.size() / size_t(w.tensor->shape[0]) / channels;  // bytes of one input channel's taps
  for (size_t o = 0; o < size_t(w.tensor->shape[0]); ++o) {
    for (size_t c = 0; c < channels; ++c) {
      std::memcpy(permuted.bytes.data() + (o * channels + c) * slice,
                  w.tensor->bytes.data() + (o * channels + size_t(from[c])) * slice, slice);
    }
  }
  if (!w.dequantize) {
    graph.nodes[conv].inputs[1] = graph.add_constant(graph.value(old).name, std::move(permuted));
    return;
  }
  const Node dq = graph.nodes[size_t(links.producer(old))];
  QuantParams q = w.dequantize->q;
  if (!q.per_tensor() && q.axis == 1) {
    for (size_t c = 0; c < channels; ++c) {
      q.scale[c] = w.dequantize->q.scale[size_t(from[c])];
      q.zero_point[c] = w.dequantize->q.zero_point[size_t(from[c])];
    }
  }
  const ValueId integers = graph.add_constant(graph.value(dq.inputs[0]).name, std::move(permuted));
  const ValueId weights = append(graph, dq.name, Dequantize{std::move(q)}, {integers});
  graph.nodes[conv].inputs[1] = weights;
}

}  // namespace sparsec::passes
