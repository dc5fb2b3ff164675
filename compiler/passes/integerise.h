// What the parts of `integerise` share: the graph while it is being rewritten, and which values are tables of others.
//
// The pass walks the graph once, in order, and keeps three things up to date while it appends nodes: who makes each
// value, of which u8 values each value is a function element by element (its sources), and which quantised forms a
// float value already has. Parts, all named integerise*.cc: the walk (integerise), quantisers on their way up
// (_quantise), float chains as tables (_pointwise), convolutions (_conv).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "compiler/passes/rewrite.h"

namespace sparsec::passes::integer {

struct State {
  explicit State(Graph g);

  Graph graph;
  std::vector<int32_t> producer;  // per value: index of the node that makes it; -1 for inputs and constants
  // Per value: the u8 values of which it is a function element for element, nearest first. A u8 value is its own.
  std::vector<std::vector<ValueId>> sources;
  std::map<std::tuple<ValueId, float, int32_t>, ValueId> quantised;    // float value, scale, zero point -> u8 value
  std::map<std::tuple<ValueId, float, int32_t>, ValueId> requantised;  // the same for u8 values given another meaning
  std::map<std::pair<ValueId, int64_t>, ValueId> repeated;             // u8 value, times -> its channels so often

  // The node that makes `id`, if it is a T. The pointer dies with the next `add`.
  template <typename T>
  const Node* made_by(ValueId id) const {
    if (id == kNoValue || producer[size_t(id)] < 0) return nullptr;
    const Node& node = graph.nodes[size_t(producer[size_t(id)])];
    return as<T>(node) ? &node : nullptr;
  }
  // rewrite.h's append, with the books kept.
  ValueId add(std::string name, Op op, std::vector<ValueId> inputs, std::optional<TypeAndShape> declared = {},
              std::optional<Quant> quant = {});
  ValueId add_constant(std::string name, Tensor t, std::optional<Quant> quant = {});
};

// ---- quantisers and their meaning -----------------------------------------------------------------------------------

// The one scale and zero point of a Quantize to u8 or a Dequantize of u8; nothing for per-channel and other types.
std::optional<Quant> activation_quant(const Graph& graph, const Node& node);

// `id` as DequantizeLinear sees it: the u8 value that is dequantised and with what.
struct Dequantised {
  ValueId value;
  Quant quant;
};
std::optional<Dequantised> dequantised(const State& s, ValueId id);

// The u8 value `id` with the given meaning of its numbers: itself, or a copy where two readers take them differently.
ValueId with_meaning(State& s, ValueId id, Quant quant);

// One number as QuantizeLinear stores it.
uint8_t quantise(float x, Quant q);

// ---- the parts ------------------------------------------------------------------------------------------------------

// Operators that only move or select elements, so that they commute with quantisers.
bool is_layout(const Op& op);
// The operator on u8: constants that it fills in are given as stored values.
Op stored_as(const Op& op, Quant q);

// Lowers the Quantize at `index` and those that it gives rise to, as far up as they go.
void lower_quantiser(State& s, int32_t index);
// layout(DQ(q)) -> DQ(layout(q)), where all inputs have the same meaning.
void commute_dequantisers(State& s, int32_t index);

// The sources of what `node` makes, from those of its inputs.
std::vector<ValueId> sources_of(const State& s, const Node& node);
// Q(x) for each of the 256 values of `source`, one of x's sources.
std::array<uint8_t, 256> tabulate(const State& s, ValueId x, ValueId source, Quant q);

// The Conv at `index` becomes a QConv, or an FConv where its input or its weights are not quantised.
void lower_convolution(State& s, int32_t index);
// The value of a Dequantize of a constant.
TensorPtr dequantised_constant(const State& s, const Node& node);

}  // namespace sparsec::passes::integer
