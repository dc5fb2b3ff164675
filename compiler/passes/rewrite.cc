// The edits that passes share; see rewrite.h for how they fit together.
#include "compiler/passes/rewrite.h"

#include <algorithm>
#include <utility>

#include "compiler/passes/passes.h"

namespace sparsec::passes {

Links::Links(const Graph& graph)
    : producers_(graph.producers()), consumers_(graph.consumers()), outputs_(graph.values.size(), false) {
  for (const ValueId id : graph.outputs) outputs_[size_t(id)] = true;
}

std::optional<float> constant_scalar(const Graph& graph, ValueId id) {
  const Tensor* t = constant(graph, id);
  if (!t || t->type != DType::f32 || t->size() == 0) return std::nullopt;
  const auto data = t->data<float>();
  const bool uniform = std::all_of(data.begin(), data.end(), [&](float v) { return v == data[0]; });
  return uniform ? std::optional(data[0]) : std::nullopt;
}

std::optional<std::vector<float>> constant_per_channel(const Graph& graph, ValueId id, int64_t channels) {
  const Tensor* t = constant(graph, id);
  if (!t || t->type != DType::f32 || t->shape.size() > 4) return std::nullopt;
  if (t->size() == 1) return std::vector<float>(size_t(channels), t->data<float>()[0]);
  // Against [N,C,H,W] a constant of rank 3 or 4 has its channels third from the end.
  if (t->shape.size() < 3 || t->size() != channels || t->shape[t->shape.size() - 3] != channels) return std::nullopt;
  const auto data = t->data<float>();
  return std::vector<float>(data.begin(), data.end());
}

ValueId append(Graph& graph, std::string name, Op op, std::vector<ValueId> inputs, std::optional<TypeAndShape> declared,
               std::optional<Quant> quant) {
  std::vector<TypeAndShape> in;  // optional inputs that are absent come last
  in.reserve(inputs.size());
  for (const ValueId id : inputs) {
    if (id != kNoValue) in.push_back({graph.value(id).type, graph.value(id).shape});
  }
  std::vector<TypeAndShape> wanted;
  if (declared) wanted.push_back(std::move(*declared));
  Node node{std::move(name), std::move(op), std::move(inputs), {}};
  const std::vector<TypeAndShape> out = infer(node.op, in, wanted, describe(graph, node));
  SPARSEC_CHECK(out.size() == 1, "append is for nodes of one output");
  const ValueId id = graph.add_value({node.name, out[0].type, out[0].shape, nullptr, quant});
  node.outputs = {id};
  graph.nodes.push_back(std::move(node));
  return id;
}

void replace_uses(Graph& graph, ValueId from, ValueId to) {
  if (from == to) return;
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  if (!graph.is_output(from)) return;
  const bool named = graph.is_output(to) || graph.value(to).constant ||
                     std::find(graph.inputs.begin(), graph.inputs.end(), to) != graph.inputs.end();
  if (named) return;
  std::replace(graph.outputs.begin(), graph.outputs.end(), from, to);
  std::swap(graph.value(from).name, graph.value(to).name);
}

void sort_topologically(Graph& graph) {
  const std::vector<int32_t> producers = graph.producers();
  enum class Mark : uint8_t { fresh, open, done };
  std::vector<Mark> marks(graph.nodes.size(), Mark::fresh);
  std::vector<Node> sorted;
  sorted.reserve(graph.nodes.size());
  // Depth first with a stack of our own: chains may be as long as the graph.
  std::vector<std::pair<size_t, size_t>> stack;  // node, next input to visit
  for (size_t root = 0; root < graph.nodes.size(); ++root) {
    if (marks[root] == Mark::fresh) stack.emplace_back(root, 0), marks[root] = Mark::open;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == graph.nodes[node].inputs.size()) {
        marks[node] = Mark::done;
        sorted.push_back(std::move(graph.nodes[node]));
        stack.pop_back();
        continue;
      }
      const ValueId input = graph.nodes[node].inputs[next++];
      const int32_t producer = input == kNoValue ? -1 : producers[size_t(input)];
      if (producer < 0 || marks[size_t(producer)] == Mark::done) continue;
      SPARSEC_CHECK(marks[size_t(producer)] == Mark::fresh, "cycle through node " + graph.nodes[size_t(producer)].name);
      marks[size_t(producer)] = Mark::open;
      stack.emplace_back(size_t(producer), 0);
    }
  }
  graph.nodes = std::move(sorted);
}

Graph tidy(Graph graph) {
  sort_topologically(graph);
  return remove_dead_code(std::move(graph));
}

std::string describe(const Graph& graph, const Node& node) {
  return graph.meta.path + ": node " + node.name + " (" + name_of(node.op) + ")";
}

}  // namespace sparsec::passes
