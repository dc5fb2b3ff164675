// What passes are written with: who makes and who reads a value, and small edits of the Graph.
//
// A pass edits in three steps. It looks at the graph through Links, a snapshot of producers and consumers. It edits by
// appending nodes at the end of the list, changing nodes in place, and pointing readers at another value
// (`replace_uses`); nothing is erased and no id changes while it works. At the end `tidy` restores the topological
// order and drops what nothing needs any more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/infer.h"

namespace sparsec::passes {

// A snapshot of the graph's edges: take a new one after edits that matter.
class Links {
 public:
  explicit Links(const Graph& graph);
  int32_t producer(ValueId id) const {
    return producers_[size_t(id)];
  }  // index of the node; -1 for inputs and constants
  const std::vector<int32_t>& consumers(ValueId id) const { return consumers_[size_t(id)]; }  // one entry per use
  bool is_output(ValueId id) const { return outputs_[size_t(id)]; }
  size_t uses(ValueId id) const { return consumers(id).size() + (is_output(id) ? 1 : 0); }
  // The one node that reads `id`; -1 when there are several uses or it is a graph output.
  int32_t sole_consumer(ValueId id) const { return uses(id) == 1 && !is_output(id) ? consumers(id)[0] : -1; }

 private:
  std::vector<int32_t> producers_;
  std::vector<std::vector<int32_t>> consumers_;
  std::vector<bool> outputs_;
};

// The operator of a node, when it is a T.
template <typename T>
const T* as(const Node& node) {
  return std::get_if<T>(&node.op);
}

// The node that produces `id`, when its operator is a T; else null. The pointer dies with the next `append`.
template <typename T>
const Node* produced_by(const Graph& graph, const Links& links, ValueId id) {
  if (id == kNoValue || links.producer(id) < 0) return nullptr;
  const Node& node = graph.nodes[size_t(links.producer(id))];
  return as<T>(node) ? &node : nullptr;
}

// ---- constants ------------------------------------------------------------------------------------------------------

inline const Tensor* constant(const Graph& graph, ValueId id) {
  return id == kNoValue ? nullptr : graph.value(id).constant.get();
}
// The value of a float constant that holds one number, or the same number throughout.
std::optional<float> constant_scalar(const Graph& graph, ValueId id);
// A float constant that broadcasts over [N,channels,H,W] along channels only ([C,1,1], [1,C,1,1], a scalar...), spread
// to `channels` entries.
std::optional<std::vector<float>> constant_per_channel(const Graph& graph, ValueId id, int64_t channels);

// Rounded down, for b > 0: where a position falls among phases.
inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// ---- edits ----------------------------------------------------------------------------------------------------------

// Appends a node with one output and returns that value. Type and shape are inferred; `declared` where inference needs
// it (see infer.h).
ValueId append(Graph& graph, std::string name, Op op, std::vector<ValueId> inputs,
               std::optional<TypeAndShape> declared = {}, std::optional<Quant> quant = {});

// Every reader of `from` reads `to` instead, and a graph output `from` becomes `to`, which takes over its name. A `to`
// that is itself a graph input, output or constant cannot be renamed: then the graph output stays `from`.
void replace_uses(Graph& graph, ValueId from, ValueId to);

// Restores the topological order after `append`: each node comes right before its first reader, where it is not in
// place already. InternalError on a cycle.
void sort_topologically(Graph& graph);

// sort_topologically and remove_dead_code: how every pass ends.
Graph tidy(Graph graph);

// "model.onnx: node NAME (Op)": the beginning of every message about a node.
std::string describe(const Graph& graph, const Node& node);

}  // namespace sparsec::passes
