// Runs nodes in order, each by the function of its operator. Outputs are inferred from the tensors at hand, so what is
// computed is what the inputs call for, and misfits are refused before any arithmetic.
#include "compiler/oracle/evaluate.h"

#include "compiler/ir/infer.h"
#include "compiler/oracle/call.h"

namespace sparsec::oracle {

std::vector<TensorPtr> evaluate(const Graph& graph, const Node& node, const std::vector<TensorPtr>& inputs) {
  std::vector<TypeAndShape> given, declared;
  for (const TensorPtr& t : inputs) {
    if (t) given.push_back({t->type, t->shape});
  }
  for (ValueId id : node.outputs) declared.push_back({graph.value(id).type, graph.value(id).shape});

  const std::string where = "node " + node.name + " (" + name_of(node.op) + ")";
  std::vector<Tensor> outputs;
  for (TypeAndShape& t : infer(node.op, given, declared, where)) outputs.emplace_back(t.type, std::move(t.shape));

  const Call call{graph, node, inputs, outputs};
  std::visit([&](const auto& op) { evaluate_op(op, call); }, node.op);

  std::vector<TensorPtr> shared;
  for (Tensor& t : outputs) shared.push_back(share(std::move(t)));
  return shared;
}

std::map<ValueId, TensorPtr> run(const Graph& graph, const std::vector<TensorPtr>& inputs,
                                 const std::function<void(const Node&)>& on_node) {
  if (inputs.size() != graph.inputs.size()) {
    throw CompileError(graph.meta.path + ": " + std::to_string(inputs.size()) + " inputs given; the model takes " +
                       std::to_string(graph.inputs.size()));
  }
  std::map<ValueId, TensorPtr> computed;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (graph.values[i].constant) computed[ValueId(i)] = graph.values[i].constant;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& wanted = graph.value(graph.inputs[i]);
    if (inputs[i]->type != wanted.type || inputs[i]->shape != wanted.shape) {
      throw CompileError(graph.meta.path + ": input " + wanted.name + " is given " + name_of(inputs[i]->type) + " " +
                         to_string(inputs[i]->shape) + "; the model takes " + name_of(wanted.type) + " " +
                         to_string(wanted.shape));
    }
    computed[graph.inputs[i]] = inputs[i];
  }
  for (const Node& node : graph.nodes) {
    if (on_node) on_node(node);
    std::vector<TensorPtr> operands;
    for (ValueId id : node.inputs) operands.push_back(id == kNoValue ? nullptr : computed.at(id));
    const std::vector<TensorPtr> results = evaluate(graph, node, operands);
    for (size_t i = 0; i < results.size(); ++i) computed[node.outputs[i]] = results[i];
  }
  return computed;
}

}  // namespace sparsec::oracle
