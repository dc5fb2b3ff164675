// From producer to consumer: a concatenation strings its parts' slots together, a phase of SpaceToDepth has its input's
// slots, operators that map channel to channel keep them; everything else starts with whole planes. Four channels share
// a lane, so a part with 6 channels leaves two slots of its last plane empty, wherever it goes.
#include "compiler/plan/slots.h"

#include <numeric>

#include "compiler/passes/rewrite.h"
#include "compiler/plan/places.h"

namespace sparsec {
namespace {

using passes::as;

std::vector<int32_t> fresh_slots(const Value& value) {
  const int64_t channels = value.shape[1];
  std::vector<int32_t> map(size_t(value.type == DType::f32 ? channels : (channels + 3) / 4 * 4), -1);
  std::iota(map.begin(), map.begin() + channels, 0);
  return map;
}

// The slots of a node's first output, from those of its inputs.
std::vector<int32_t> slots_of_output(const Graph& g, const Node& n, const SlotMap& map) {
  std::vector<int32_t> out;
  const auto append = [&](ValueId part, int64_t base) {
    for (int32_t c : map[size_t(part)]) out.push_back(c < 0 ? -1 : int32_t(base) + c);
  };
  if (std::holds_alternative<Concat>(n.op)) {
    int64_t base = 0;
    for (ValueId part : n.inputs) {
      append(part, base);
      base += g.value(part).shape[1];
    }
  } else if (const auto* op = std::get_if<SpaceToDepth>(&n.op)) {
    for (int64_t phase = 0; phase < op->rows * op->cols; ++phase)
      append(n.inputs[0], phase * g.value(n.inputs[0]).shape[1]);
  } else if (std::holds_alternative<QConv>(n.op) || std::holds_alternative<FConv>(n.op) ||
             std::holds_alternative<Quantize>(n.op)) {
    out = fresh_slots(g.value(n.outputs[0]));
  } else {
    out = map[size_t(n.inputs[0])];
  }
  return out;
}

bool moves_slots(const Graph& g, const Node& n) {
  return works_on_planes(g, n) && !std::holds_alternative<Decode>(n.op);
}

class Aligner {
 public:
  explicit Aligner(Graph graph) : g_(std::move(graph)), map_(map_slots(g_)) {}

  Graph run() {
    const size_t count = g_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      if (as_pictures(i)) continue;
      align(i);
      const Node& n = g_.nodes[i];
      if (moves_slots(g_, n) && is_picture(g_.value(n.outputs[0])))
        map_[size_t(n.outputs[0])] = slots_of_output(g_, n, map_);
    }
    if (g_.nodes.size() > count) passes::sort_topologically(g_);
    return std::move(g_);
  }

 private:
  void align(size_t i) {
    if (!works_on_planes(g_, g_.nodes[i])) return;
    const std::vector<ValueId> in = g_.nodes[i].inputs;
    if (adds_residual(g_.nodes[i])) {
      copy_unless(i, 2, fresh_slots(g_.value(g_.nodes[i].outputs[0])));
    } else if (as<Decode>(g_.nodes[i])) {
      for (size_t k = 0; k < in.size(); ++k) copy_unless(i, k, fresh_slots(g_.value(in[k])));
    } else if (is_binary(g_.nodes[i]) && map_[size_t(in[0])] != map_[size_t(in[1])]) {
      for (size_t k = 0; k < 2; ++k) copy_unless(i, k, fresh_slots(g_.value(in[k])));
    }
  }

  static bool adds_residual(const Node& n) {
    const auto* q = as<QConv>(n);
    const auto* f = as<FConv>(n);
    return (q && q->residual) || (f && f->residual);
  }
  static bool is_binary(const Node& n) { return as<QBinary>(n) || as<Binary>(n); }

  // Adds nodes: references to nodes and values die. Slots behind the last channel do no harm to a convolution or a
  // decoder: `want` may go on with empty ones.
  void copy_unless(size_t node, size_t input, std::vector<int32_t> want) {
    const ValueId v = g_.nodes[node].inputs[input];
    if (!is_picture(g_.value(v))) return;
    const std::vector<int32_t> fresh = fresh_slots(g_.value(v));
    std::vector<int32_t> have = map_[size_t(v)];
    if (!is_binary(g_.nodes[node])) {
      const size_t size = std::min(have.size(), want.size());
      have.resize(size), want.resize(size);
    }
    if (have == want) return;
    const Value& value = g_.value(v);
    const Slice whole{std::vector<int64_t>(4, 0), std::vector<int64_t>(4, 1), value.shape};
    const ValueId copy = passes::append(g_, value.name + " in whole planes", whole, {v}, {}, value.quant);
    map_.resize(g_.values.size());
    map_[size_t(copy)] = fresh;
    g_.nodes[node].inputs[input] = copy;
  }

  // Lookup and QBinary of tensors that are no pictures: as pictures, between two reshapes.
  bool as_pictures(size_t i) {
    const Node n = g_.nodes[i];
    if (!std::holds_alternative<Lookup>(n.op) && !std::holds_alternative<QBinary>(n.op)) return false;
    const Value out = g_.value(n.outputs[0]);
    if (is_picture(out)) return false;
    const int64_t size = elements(out.shape), channels = size % 4 == 0 ? 4 : 1;
    for (ValueId v : n.inputs)
      if (g_.value(v).shape != out.shape) return false;
    if (size == 0) return false;
    const Shape shape{1, channels, 1, size / channels};
    for (size_t k = 0; k < n.inputs.size(); ++k)
      g_.nodes[i].inputs[k] = passes::append(g_, n.name + " reshape", Reshape{}, {n.inputs[k]},
                                             TypeAndShape{DType::u8, shape}, g_.value(n.inputs[k]).quant);
    const ValueId picture = g_.add_value({out.name + " as picture", DType::u8, shape, nullptr, out.quant});
    g_.nodes[i].outputs[0] = picture;
    g_.nodes.push_back({n.name + " reshape back", Reshape{}, {picture}, {n.outputs[0]}});
    map_.resize(g_.values.size());
    return true;
  }

  Graph g_;
  SlotMap map_;
};

}  // namespace

SlotMap map_slots(const Graph& g) {
  SlotMap map(g.values.size());
  for (size_t v = 0; v < g.values.size(); ++v)
    if (is_picture(g.values[v])) map[v] = fresh_slots(g.values[v]);
  for (const Node& n : g.nodes)
    if (moves_slots(g, n)) map[size_t(n.outputs[0])] = slots_of_output(g, n, map);
  return map;
}

Graph align_slots(Graph graph) { return Aligner(std::move(graph)).run(); }

}  // namespace sparsec
