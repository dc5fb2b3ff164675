// From the real dialect to the integer dialect: one walk along the graph.
//
// Whatever lies between quantisers is integer afterwards: convolutions of quantised operands, tables for float chains,
// adds, joins, pools, resizes. Nothing is quantised that the graph does not quantise: where a float value has a float
// reader it stays, beside its quantised form. See integerise.h for the parts.
#include "compiler/passes/integerise.h"

#include "compiler/passes/passes.h"

namespace sparsec::passes {
namespace integer {

State::State(Graph g) : graph(std::move(g)), producer(graph.producers()), sources(graph.values.size()) {
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const Value& value = graph.values[i];
    if (value.type == DType::u8 && !value.constant) sources[i] = {ValueId(i)};
  }
}

ValueId State::add(std::string name, Op op, std::vector<ValueId> inputs, std::optional<TypeAndShape> declared,
                   std::optional<Quant> quant) {
  const ValueId id = append(graph, std::move(name), std::move(op), std::move(inputs), std::move(declared), quant);
  producer.resize(graph.values.size(), -1);
  sources.resize(graph.values.size());
  producer[size_t(id)] = int32_t(graph.nodes.size()) - 1;
  sources[size_t(id)] = sources_of(*this, graph.nodes.back());
  return id;
}

ValueId State::add_constant(std::string name, Tensor t, std::optional<Quant> quant) {
  const ValueId id = graph.add_constant(std::move(name), std::move(t));
  graph.value(id).quant = quant;
  producer.resize(graph.values.size(), -1);
  sources.resize(graph.values.size());
  return id;
}

// Gives every u8 activation its meaning: that of the Quantize that makes it, else of the Dequantize that reads it, else
// of what it is moved from or to.
static void annotate(Graph& graph) {
  for (Node& node : graph.nodes) {  // a Cast of u8 to float reads the stored number
    const Cast* cast = std::get_if<Cast>(&node.op);
    if (cast && cast->to == DType::f32 && graph.value(node.inputs[0]).type == DType::u8) {
      node.op = Dequantize{{{1.0f}, {0}, 0}};
    }
  }
  const auto unknown = [&](ValueId id) {
    return graph.value(id).type == DType::u8 && !graph.value(id).constant && !graph.value(id).quant;
  };
  for (const Node& node : graph.nodes) {
    if (as<Quantize>(node)) graph.value(node.outputs[0]).quant = activation_quant(graph, node);
    if (as<Dequantize>(node) && unknown(node.inputs[0])) {
      graph.value(node.inputs[0]).quant = activation_quant(graph, node);
    }
  }
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!is_layout(node->op) || graph.value(node->outputs[0]).type != DType::u8) continue;
    for (const ValueId id : node->inputs) {
      if (unknown(id)) graph.value(id).quant = graph.value(node->outputs[0]).quant;
    }
  }
  for (const Node& node : graph.nodes) {
    if (is_layout(node.op) && unknown(node.outputs[0])) {
      graph.value(node.outputs[0]).quant = graph.value(node.inputs[0]).quant;
    }
  }
  for (Value& value : graph.values) {
    if (value.type == DType::u8 && !value.quant) value.quant = Quant{};
  }
}

// Per value: whether all that becomes of it is quantised, perhaps after being moved. Such a value needs no float form.
static std::vector<bool> only_quantised(const Graph& graph) {
  std::vector<bool> result(graph.values.size(), true);
  for (const ValueId id : graph.outputs) result[size_t(id)] = false;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool moved = is_layout(node->op) && result[size_t(node->outputs[0])];
    if (moved || (as<Quantize>(*node) && activation_quant(graph, *node))) continue;
    for (const ValueId id : node->inputs) {
      if (id != kNoValue) result[size_t(id)] = false;
    }
  }
  return result;
}

// Per value: whether it lies on the way from a level to a raw head, [N,A*row,H,W] -> [N,A,row,H,W] -> [N,A,H,W,row],
// with a sigmoid somewhere or none. Detection reads the level itself, as floats, so its dequantiser stays before that
// way.
static std::vector<bool> ways_to_raw_heads(const Graph& graph) {
  const Links links(graph);
  std::vector<bool> result(graph.values.size(), false);
  const auto before_sigmoid = [&](ValueId id) {
    const Node* node = produced_by<Unary>(graph, links, id);
    return node && as<Unary>(*node)->kind == UnaryKind::sigmoid ? node->inputs[0] : id;
  };
  for (const ValueId id : graph.outputs) {
    const ValueId turned = before_sigmoid(id);
    const Node* transpose = produced_by<Transpose>(graph, links, turned);
    if (!transpose || as<Transpose>(*transpose)->perm != std::vector<int64_t>{0, 1, 3, 4, 2}) continue;
    const ValueId split = before_sigmoid(transpose->inputs[0]);
    const Node* reshape = produced_by<Reshape>(graph, links, split);
    if (!reshape || graph.value(reshape->inputs[0]).shape.size() != 4) continue;
    result[size_t(turned)] = result[size_t(split)] = true;
  }
  return result;
}

// Readers other than convolutions take a dequantised constant as a float constant.
static void fold_dequantised_constants(State& s) {
  const Links links(s.graph);
  for (size_t i = 0; i < s.graph.nodes.size(); ++i) {
    const Node node = s.graph.nodes[i];
    if (!as<Dequantize>(node) || !s.graph.value(node.inputs[0]).constant) continue;
    if (links.uses(node.outputs[0]) == 0) continue;
    const TensorPtr folded = dequantised_constant(s, node);
    replace_uses(s.graph, node.outputs[0], s.add_constant(s.graph.value(node.outputs[0]).name, *folded));
  }
}

}  // namespace integer

Graph integerise(Graph graph) {
  using namespace integer;
  annotate(graph);
  const std::vector<bool> needs_no_float = only_quantised(graph), to_raw_head = ways_to_raw_heads(graph);
  State s(std::move(graph));
  const size_t count = s.graph.nodes.size();  // what is appended on the way is in its final form
  for (size_t i = 0; i < count; ++i) {
    const Node& node = s.graph.nodes[i];
    const ValueId out = node.outputs[0];
    const bool real = s.graph.value(out).type == DType::f32;
    if (node.outputs.size() == 1) s.sources[size_t(out)] = sources_of(s, node);
    if (as<Quantize>(node)) {
      lower_quantiser(s, int32_t(i));
    } else if (as<Conv>(node)) {
      lower_convolution(s, int32_t(i));
    } else if (real && is_layout(node.op) && !needs_no_float[size_t(out)] && !to_raw_head[size_t(out)]) {
      commute_dequantisers(s, int32_t(i));
    }
  }
  fold_dequantised_constants(s);
  return tidy(std::move(s.graph));
}

}  // namespace sparsec::passes
