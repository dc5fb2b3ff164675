// From the output up: Dequantize, Transpose, Reshape, and a QConv that stores plain sums. An activation or a table in
// between would make the level something other than what a raw head is.
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

bool stores_sums(const Graph& graph, const Links& links, ValueId level) {
  const Node* node = produced_by<QConv>(graph, links, level);
  if (!node || node->outputs.size() != 1) return false;
  const QConv& op = *as<QConv>(*node);
  return op.activation == Activation::none && !op.residual && !op.lookup[0];
}

}  // namespace

Graph raise_dequantisers(Graph graph) {
  for (const ValueId output : std::vector(graph.outputs)) {
    const Links links(graph);
    const Node* last = produced_by<Dequantize>(graph, links, output);
    if (!last || graph.value(output).shape.size() != 5 || !as<Dequantize>(*last)->q.per_tensor()) continue;
    const Node* transpose = produced_by<Transpose>(graph, links, last->inputs[0]);
    const Node* reshape = transpose ? produced_by<Reshape>(graph, links, transpose->inputs[0]) : nullptr;
    if (!reshape || !stores_sums(graph, links, reshape->inputs[0])) continue;
    const Node dequantise = *last, turn = *transpose, split = *reshape;  // appending moves the nodes
    const Shape shape = graph.value(split.outputs[0]).shape;
    ValueId v = append(graph, dequantise.name, dequantise.op, {split.inputs[0]});
    v = append(graph, split.name, split.op, {v}, TypeAndShape{DType::f32, shape});
    replace_uses(graph, output, append(graph, turn.name, turn.op, {v}));
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
