// A graph can be cut where every node makes a strip's rows of the same strip's and of its neighbours' next to it.
#include "compiler/plan/strips.h"

#include <algorithm>
#include <set>

#include "compiler/ir/window_of.h"
#include "compiler/plan/places.h"
#include "compiler/plan/repeats.h"

namespace sparsec {
namespace {

// How many rows a node reads above and below the one that it writes.
Pads reach_of(const Node& n) {
  const Window* window = window_of(n.op);
  return window ? window->pads : Pads{};
}

class Cutter {
 public:
  Cutter(const Graph& g, const Isa& isa) : g_(g), flat_pool_(assign_places(g, isa).flat_pool) {
    for (const Value& v : g.values) picture_.push_back(is_picture(v));
  }

  bool can_cut(int32_t strips) const {
    for (size_t v = 0; v < g_.values.size(); ++v)
      if (picture_[v] && g_.values[v].shape[2] % strips != 0) return false;
    for (size_t i = 0; i < g_.nodes.size(); ++i)
      if (!works_by_rows(g_.nodes[i], i, strips)) return false;
    return delivers_once();
  }

  void cut(Graph& g, int32_t strips) const {
    for (size_t v = 0; v < g.values.size(); ++v)
      if (picture_[v]) g.values[v].shape[2] /= strips;
    for (Node& n : g.nodes)
      if (auto* op = std::get_if<Resize>(&n.op)) op->source_row.resize(op->source_row.size() / size_t(strips));
  }

 private:
  bool is_input(ValueId v) const { return std::ranges::count(g_.inputs, v) > 0; }
  bool is_output(ValueId v) const { return std::ranges::count(g_.outputs, v) > 0; }

  // Whether the rows of a strip are made of its own and of their neighbours.
  bool works_by_rows(const Node& n, size_t index, int32_t strips) const {
    if (!works_on_planes(g_, n)) return false;
    const Shape& in = g_.value(n.inputs[0]).shape;
    if (std::holds_alternative<Decode>(n.op)) return is_output(n.outputs[0]);
    const Shape& out = g_.value(n.outputs[0]).shape;
    if (const auto* op = std::get_if<Resize>(&n.op)) return times_each(op->source_row, in[2]).has_value();
    if (const auto* op = std::get_if<SpaceToDepth>(&n.op)) return in[2] / strips % op->rows == 0;
    if (std::holds_alternative<Quantize>(n.op) && !(is_input(n.inputs[0]) && picture_[size_t(n.inputs[0])]))
      return false;
    if (std::holds_alternative<MaxPool>(n.op) && !flat_pool_[index]) return false;
    for (const ValueId v : n.inputs)
      if (v != kNoValue && picture_[size_t(v)] && g_.value(v).shape[2] != out[2]) return false;
    const Pads reach = reach_of(n);
    return std::max(reach.top, reach.bottom) <= in[2] / strips;
  }

  // Outputs are the caller's arrays, each written by the step that makes it.
  bool delivers_once() const {
    std::set<ValueId> seen;
    return std::ranges::all_of(
        g_.outputs, [&](ValueId v) { return seen.insert(v).second && !is_input(v) && !g_.value(v).constant; });
  }

  const Graph& g_;
  std::vector<bool> picture_;
  std::vector<bool> flat_pool_;
};

}  // namespace

int32_t cut_into_strips(DetectionGraph& detection, const Isa& isa, int32_t strips) {
  if (strips <= 1) return 1;
  const Cutter cutter(detection.graph, isa);
  if (!cutter.can_cut(strips)) return 1;
  cutter.cut(detection.graph, strips);
  return strips;
}

}  // namespace sparsec
