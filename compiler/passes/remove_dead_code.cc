// Dead code: walk backwards from the graph outputs and keep what is reached; then renumber the values that are left.
#include <algorithm>
#include <ranges>

#include "compiler/passes/passes.h"

namespace sparsec::passes {

Graph remove_dead_code(Graph graph) {
  std::vector<bool> needed(graph.values.size(), false);
  for (const ValueId id : graph.outputs) needed[size_t(id)] = true;

  std::vector<Node> kept;
  for (Node& node : std::views::reverse(graph.nodes)) {
    const auto is_needed = [&](ValueId id) { return needed[size_t(id)]; };
    if (std::ranges::none_of(node.outputs, is_needed)) continue;
    for (const ValueId id : node.outputs) needed[size_t(id)] = true;  // a node keeps all its outputs
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) needed[size_t(id)] = true;
    }
    kept.push_back(std::move(node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
  for (const ValueId id : graph.inputs) needed[size_t(id)] = true;

  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  std::vector<Value> values;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (!needed[i]) continue;
    renumbered[i] = ValueId(values.size());
    values.push_back(std::move(graph.values[i]));
  }
  graph.values = std::move(values);
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = id == kNoValue ? kNoValue : renumbered[size_t(id)];
  };
  for (Node& node : graph.nodes) renumber(node.inputs), renumber(node.outputs);
  renumber(graph.inputs);
  renumber(graph.outputs);
  return graph;
}

}  // namespace sparsec::passes
