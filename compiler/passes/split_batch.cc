// Splitting the batch: a graph that treats N pictures alike becomes a graph of one picture, to be run N times.
//
// A value is *batched* when it depends on a graph input; then its first dimension must be N, and slice i along it must
// depend on slice i of the inputs only. Each operator is asked in turn (`keeps_pictures_apart`); one "no" and the graph
// stays as it came. Constants that were spread to N equal slices, to meet a batched value in a Binary or a Concat,
// shrink to one slice.
#include <algorithm>
#include <map>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

// The first of N equal slices along dimension 0; null when they differ.
TensorPtr one_of_equal_slices(const Tensor& t) {
  if (t.bytes.empty()) return nullptr;
  const size_t n = size_t(t.shape[0]), slice = t.bytes.size() / n;
  for (size_t i = 1; i < n; ++i) {
    if (std::memcmp(t.bytes.data(), t.bytes.data() + i * slice, slice) != 0) return nullptr;
  }
  Shape shape = t.shape;
  shape[0] = 1;
  Tensor one(t.type, shape);
  std::memcpy(one.bytes.data(), t.bytes.data(), slice);
  return share(std::move(one));
}

class Splitter {
 public:
  Splitter(Graph& graph, int64_t batch) : graph_(graph), n_(batch), batched_(graph.values.size(), false) {}

  // False, with the graph untouched, when pictures do not stay apart.
  bool run() {
    for (const ValueId id : graph_.inputs) batched_[size_t(id)] = true;
    for (const Node& node : graph_.nodes) {
      if (std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return is_batched(id); })) continue;
      if (!keeps_pictures_apart(node)) return false;
      for (const ValueId id : node.outputs) {
        if (!leads_with_batch(id)) return false;
        batched_[size_t(id)] = true;
      }
    }
    const bool all =
        std::all_of(graph_.outputs.begin(), graph_.outputs.end(), [&](ValueId id) { return is_batched(id); });
    if (!all) return false;
    shrink();
    return true;
  }

 private:
  bool is_batched(ValueId id) const { return id != kNoValue && batched_[size_t(id)]; }
  bool leads_with_batch(ValueId id) const {
    const Shape& shape = graph_.value(id).shape;
    return !shape.empty() && shape[0] == n_;
  }
  size_t rank(ValueId id) const { return graph_.value(id).shape.size(); }

  // Whether picture i of the outputs follows from picture i of the batched inputs. Notes the constants that must
  // shrink.
  bool keeps_pictures_apart(const Node& node) {
    const size_t r = rank(node.outputs[0]);
    const auto first_only = [&] {  // the batch is in the data input; weights and parameters are the same for all
      return std::none_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) { return is_batched(id); });
    };
    return std::visit(
        [&](const auto& op) -> bool {
          using T = std::decay_t<decltype(op)>;
          if constexpr (std::is_same_v<T, Unary> || std::is_same_v<T, Cast> || std::is_same_v<T, MaxPool> ||
                        std::is_same_v<T, Resize> || std::is_same_v<T, SpaceToDepth> || std::is_same_v<T, Reshape>) {
            return true;  // a reshape whose first dimension stays N moves nothing between pictures
          } else if constexpr (std::is_same_v<T, Conv> || std::is_same_v<T, BatchNorm>) {
            return first_only();
          } else if constexpr (std::is_same_v<T, Quantize> || std::is_same_v<T, Dequantize>) {
            return op.q.per_tensor() || (op.q.axis != 0 && op.q.axis != -int64_t(r));
          } else if constexpr (std::is_same_v<T, Softmax>) {
            return op.axis != 0 && op.axis != -int64_t(r);
          } else if constexpr (std::is_same_v<T, Transpose>) {
            return op.perm[0] == 0;
          } else if constexpr (std::is_same_v<T, Slice>) {
            return op.starts[0] == 0 && op.steps[0] == 1 && op.extents[0] == n_;
          } else if constexpr (std::is_same_v<T, Pad>) {
            return op.before[0] == 0 && op.after[0] == 0;
          } else if constexpr (std::is_same_v<T, Concat>) {
            if (op.axis == 0 || op.axis == -int64_t(r)) return false;
            return std::all_of(node.inputs.begin(), node.inputs.end(),
                               [&](ValueId id) { return is_batched(id) || shrinks(id); });
          } else if constexpr (std::is_same_v<T, Binary>) {
            return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
              if (is_batched(id)) return rank(id) == r;
              return rank(id) < r || graph_.value(id).shape[0] == 1 || shrinks(id);
            });
          } else {
            return false;
          }
        },
        node.op);
  }

  // Whether a value that is the same for all pictures can be cut to one: a constant of N equal slices.
  bool shrinks(ValueId id) {
    const Tensor* t = constant(graph_, id);
    if (!t || !leads_with_batch(id)) return false;
    TensorPtr one = one_of_equal_slices(*t);
    if (!one) return false;
    shrunk_[id] = std::move(one);
    return true;
  }

  void shrink() {
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      if (batched_[i]) graph_.values[i].shape[0] = 1;
    }
    std::map<ValueId, ValueId>
        one_slice;  // other readers of a shrunk constant may want it whole: they keep the original
    for (auto& [id, tensor] : shrunk_) one_slice[id] = graph_.add_constant(graph_.value(id).name, *tensor);
    for (Node& node : graph_.nodes) {
      if (!is_batched(node.outputs[0])) continue;
      if (Slice* slice = std::get_if<Slice>(&node.op)) slice->extents[0] = 1;
      if (!as<Binary>(node) && !as<Concat>(node)) continue;
      for (ValueId& id : node.inputs) {
        if (const auto found = one_slice.find(id); found != one_slice.end()) id = found->second;
      }
    }
    graph_.meta.batch = n_;
  }

  Graph& graph_;
  const int64_t n_;
  std::vector<bool> batched_;
  std::map<ValueId, TensorPtr> shrunk_;
};

}  // namespace

Graph split_batch(Graph graph) {
  if (graph.inputs.empty() || graph.value(graph.inputs[0]).shape.empty()) return graph;
  const int64_t batch = graph.value(graph.inputs[0]).shape[0];
  if (batch <= 1) return graph;
  const auto leads = [&](ValueId id) {
    const Shape& shape = graph.value(id).shape;
    return !shape.empty() && shape[0] == batch;
  };
  if (!std::all_of(graph.inputs.begin(), graph.inputs.end(), leads)) return graph;
  if (!std::all_of(graph.outputs.begin(), graph.outputs.end(), leads)) return graph;
  return Splitter(graph, batch).run() ? tidy(std::move(graph)) : graph;
}

}  // namespace sparsec::passes
