// Float chains between a DequantizeLinear and a QuantizeLinear as tables.
//
// A float value that is computed element for element from one u8 tensor (sigmoid of it, it times its sigmoid, with or
// without quantisers in between) is a function of 256 values. Its sources are the u8 tensors that it can be computed
// from: of x * DQ(Q(sigmoid(x))) both operands are functions of x's u8 tensor, so the product is one too. The table is
// what the oracle makes of the 256 values.
#include <algorithm>
#include <numeric>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/integerise.h"

namespace sparsec::passes::integer {

// Further back than this no exporter spreads an activation function; the bound keeps long chains of tables linear.
static constexpr size_t kMostSources = 8;

std::vector<ValueId> sources_of(const State& s, const Node& node) {
  const auto of = [&](size_t i) -> const std::vector<ValueId>& { return s.sources[size_t(node.inputs[i])]; };
  const Value& out = s.graph.value(node.outputs[0]);
  std::vector<ValueId> found;
  if (out.type == DType::u8) {
    found = {node.outputs[0]};
    if (as<Lookup>(node)) found.insert(found.end(), of(0).begin(), of(0).end());
  } else if (as<Unary>(node) || (as<Dequantize>(node) && activation_quant(s.graph, node))) {
    found = of(0);
  } else if (as<Binary>(node)) {
    for (size_t i = 0; i < 2; ++i) {
      const bool same_shape = s.graph.value(node.inputs[i]).shape == out.shape;
      if (same_shape && constant_scalar(s.graph, node.inputs[1 - i])) return of(i);
      if (!same_shape) return {};
    }
    const auto common = [&](ValueId id) { return std::find(of(1).begin(), of(1).end(), id) != of(1).end(); };
    std::copy_if(of(0).begin(), of(0).end(), std::back_inserter(found), common);
  }
  if (found.size() > kMostSources) found.resize(kMostSources);
  return found;
}

// The nodes between `source` and `x`, in order.
static std::vector<int32_t> cone(const State& s, ValueId x, ValueId source) {
  std::vector<int32_t> nodes, stack{s.producer[size_t(x)]};
  while (!stack.empty()) {
    const int32_t index = stack.back();
    stack.pop_back();
    if (index < 0 || std::find(nodes.begin(), nodes.end(), index) != nodes.end()) continue;
    nodes.push_back(index);
    for (const ValueId input : s.graph.nodes[size_t(index)].inputs) {
      if (input != source) stack.push_back(s.producer[size_t(input)]);
    }
  }
  return nodes;
}

std::array<uint8_t, 256> tabulate(const State& s, ValueId x, ValueId source, Quant q) {
  Graph chain;
  std::map<ValueId, ValueId> copy;
  const Shape all{256};
  copy[source] = chain.add_value({"source", DType::u8, all, nullptr, s.graph.value(source).quant});
  chain.inputs = {copy[source]};
  const auto copied = [&](ValueId id) {
    const auto [entry, fresh] = copy.try_emplace(id, kNoValue);
    if (fresh) {
      const Value& value = s.graph.value(id);
      const auto scalar = constant_scalar(s.graph, id);
      entry->second = scalar ? chain.add_constant(value.name, Tensor::of<float>({1}, {*scalar}))
                             : chain.add_value({value.name, value.type, all, nullptr, value.quant});
    }
    return entry->second;
  };
  for (const int32_t index : cone(s, x, source)) {
    Node node = s.graph.nodes[size_t(index)];
    for (ValueId& id : node.inputs) id = copied(id);
    for (ValueId& id : node.outputs) id = copied(id);
    chain.nodes.push_back(std::move(node));
  }
  const ValueId out = chain.add_value({"table", DType::u8, all, nullptr, q});
  chain.nodes.push_back({"Quantize", Quantize{{{q.scale}, {q.zero_point}, 0}}, {copied(x)}, {out}});
  chain.outputs = {out};
  sort_topologically(chain);

  Tensor values(DType::u8, all);
  std::iota(values.data<uint8_t>().begin(), values.data<uint8_t>().end(), uint8_t{0});
  const auto results = oracle::run(chain, {share(std::move(values))});
  std::array<uint8_t, 256> table;
  const auto result = results.at(out)->data<uint8_t>();
  std::copy(result.begin(), result.end(), table.begin());
  return table;
}

}  // namespace sparsec::passes::integer
