// Layouts from needs. Values that meet in one flat loop form a class that shares its pitch (union-find); each consumer
// states the border it reads; concatenations own the buffer that their parts are written into. Then every value that
// needs planes gets them.
#include "compiler/plan/places.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <ranges>

#include "codegen/kernels/pointwise.h"
#include "codegen/kernels/rows.h"
#include "compiler/error.h"
#include "compiler/passes/rewrite.h"
#include "compiler/plan/slots.h"

namespace sparsec {
namespace {

int64_t round_up(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

// What a value's consumers read outside it.
struct BorderNeed {
  int64_t left = 0, right = 0, top = 0, bottom = 0;
  bool conv = false, pool = false;
  void add(const Pads& p) {
    left = std::max(left, p.left);
    right = std::max(right, p.right);
    top = std::max(top, p.top);
    bottom = std::max(bottom, p.bottom);
  }
  bool any() const { return left || right || top || bottom; }
};

class Assigner {
 public:
  Assigner(const Graph& g, const Isa& isa)
      : g_(g),
        isa_(isa),
        producer_(g.producers()),
        parent_(g.values.size()),
        need_(g.values.size()),
        root_(g.values.size(), kNoValue),
        first_slot_(g.values.size(), 0) {
    std::iota(parent_.begin(), parent_.end(), 0);
    places_.planes.resize(g.values.size());
    places_.plain.resize(g.values.size());
  }

  Places run() {
    find_quantisers_of_phases();
    find_who_needs_planes();
    slot_map_ = map_slots(g_);
    join_concats();
    collect_needs();
    lay_out();
    place_plain();
    return std::move(places_);
  }

 private:
  ValueId find(ValueId v) {
    while (parent_[size_t(v)] != v) v = parent_[size_t(v)] = parent_[size_t(parent_[size_t(v)])];
    return v;
  }
  void join(ValueId a, ValueId b) { parent_[size_t(find(a))] = find(b); }

  // Of the model's input, whole rows of which a kernel takes apart.
  void find_quantisers_of_phases() {
    places_.done_by.assign(g_.nodes.size(), -1);
    const passes::Links links(g_);
    for (size_t i = 0; i < g_.nodes.size(); ++i) {
      const Node& n = g_.nodes[i];
      const auto* op = std::get_if<Quantize>(&n.op);
      const int32_t reader = op ? links.sole_consumer(n.outputs[0]) : -1;
      if (reader < 0 || !works_on_planes(g_, n) || !std::ranges::count(g_.inputs, n.inputs[0])) continue;
      const auto* phases = std::get_if<SpaceToDepth>(&g_.nodes[size_t(reader)].op);
      const Shape& shape = g_.value(n.outputs[0]).shape;
      if (phases && shape[2] % phases->rows == 0 && kernels::fits_phases(isa_, phases->cols, shape[3]) &&
          kernels::fits_quantise_rows({op->q.scale[0], op->q.zero_point[0]}))
        places_.done_by[i] = reader;
    }
  }
  bool has_place(ValueId v) const {
    const int32_t producer = producer_[size_t(v)];
    return producer < 0 || places_.done_by[size_t(producer)] < 0;
  }

  void find_who_needs_planes() {
    planar_.assign(g_.values.size(), false);
    for (const Node& n : g_.nodes) {
      if (!works_on_planes(g_, n)) continue;
      for (ValueId v : n.inputs)
        if (v != kNoValue && is_picture(g_.value(v)) && !reads_plain(n, v) && has_place(v)) planar_[size_t(v)] = true;
      for (ValueId v : n.outputs)
        if (!std::holds_alternative<Decode>(n.op) && has_place(v)) planar_[size_t(v)] = true;
    }
  }
  // Quantisers of pictures read plain rows.
  static bool reads_plain(const Node& n, ValueId) { return std::holds_alternative<Quantize>(n.op); }

  // A part of a concatenation lies in the whole's planes, unless it already lies in another's.
  void join_concats() {
    for (const Node& n : std::views::reverse(g_.nodes)) {
      if (!std::holds_alternative<Concat>(n.op) || !works_on_planes(g_, n)) continue;
      const ValueId whole = n.outputs[0];
      int64_t slot = 0;
      for (ValueId part : n.inputs) {
        const bool free = producer_[size_t(part)] >= 0 && root_[size_t(part)] == kNoValue &&
                          works_on_planes(g_, g_.nodes[size_t(producer_[size_t(part)])]);
        if (free) {
          root_[size_t(part)] = whole;
          first_slot_[size_t(part)] = slot;
        }
        slot += slots(part);
        join(part, whole);
      }
    }
  }

  int64_t slots(ValueId v) const { return int64_t(slot_map_[size_t(v)].size()); }

  void collect_needs() {
    for (const Node& n : g_.nodes) {
      if (!works_on_planes(g_, n)) continue;
      const auto flat = [&](ValueId v) {
        if (v != kNoValue && planar_[size_t(v)]) join(v, n.outputs[0]);
      };
      if (const auto* op = std::get_if<QConv>(&n.op)) conv_needs(n, op->window, op->residual, flat);
      if (const auto* op = std::get_if<FConv>(&n.op)) conv_needs(n, op->window, op->residual, flat);
      if (const auto* op =
              std::get_if<SpaceToDepth>(&n.op)) {  // rows and columns that are missing are read from the border
        const Shape& shape = g_.value(n.inputs[0]).shape;
        const Pads ragged{0, 0, (op->rows - shape[2] % op->rows) % op->rows,
                          (op->cols - shape[3] % op->cols) % op->cols};
        need_[size_t(n.inputs[0])].add(ragged);
        need_[size_t(n.inputs[0])].conv |= ragged != Pads{};
      }
      if (std::holds_alternative<Lookup>(n.op) || std::holds_alternative<QBinary>(n.op) ||
          std::holds_alternative<Unary>(n.op) || std::holds_alternative<Binary>(n.op) ||
          std::holds_alternative<Dequantize>(n.op))
        for (ValueId v : n.inputs) flat(v);
    }
    share_needs();
    choose_flat_pools();
    share_needs();
  }
  ValueId whole_of(ValueId v) const {
    while (root_[size_t(v)] != kNoValue) v = root_[size_t(v)];
    return v;
  }
  // What is read around a part is read around the whole that it lies in.
  void share_needs() {
    for (size_t v = 0; v < g_.values.size(); ++v)
      if (root_[v] != kNoValue) {
        BorderNeed& w = need_[size_t(whole_of(ValueId(v)))];
        const BorderNeed& p = need_[v];
        w.add({p.top, p.left, p.bottom, p.right});
        w.conv |= p.conv;
        w.pool |= p.pool;
      }
  }
  // The flat kernel runs pools of stride 1 whose border nobody wants otherwise: convolutions pad with the zero point,
  // pools with what never wins.
  void choose_flat_pools() {
    places_.flat_pool.assign(g_.nodes.size(), false);
    for (size_t i = 0; i < g_.nodes.size(); ++i) {
      const Node& n = g_.nodes[i];
      const auto* op = std::get_if<MaxPool>(&n.op);
      if (!op || !works_on_planes(g_, n) || op->window.strides != std::array<int64_t, 2>{1, 1} ||
          g_.value(n.inputs[0]).shape != g_.value(n.outputs[0]).shape)
        continue;
      const Value& x = g_.value(n.inputs[0]);
      const bool same_border = x.type == DType::u8 && (!x.quant || x.quant->zero_point == 0);
      if (need_[size_t(whole_of(n.inputs[0]))].conv && !same_border) continue;
      places_.flat_pool[i] = true;
      BorderNeed& need = need_[size_t(n.inputs[0])];
      need.add(op->window.pads);
      need.pool |= op->window.pads != Pads{};
      join(n.inputs[0], n.outputs[0]);
    }
  }
  template <typename Flat>
  void conv_needs(const Node& n, const Window& window, bool residual, Flat flat) {
    BorderNeed& need = need_[size_t(n.inputs[0])];
    need.add(window.pads);
    need.conv |= window.pads != Pads{};
    flat(n.inputs[0]);
    if (residual) flat(n.inputs[2]);
    for (ValueId v : n.outputs) join(v, n.outputs[0]);
  }

  void lay_out() {
    std::map<ValueId, int64_t> pitch;
    for (size_t v = 0; v < g_.values.size(); ++v) {
      if (!planar_[v]) continue;
      const BorderNeed& need = need_[v];
      int64_t& p = pitch[find(ValueId(v))];
      p = std::max(p, g_.values[v].shape[3] + std::max(need.left, need.right));
    }
    // wholes first, then the parts that lie in them; a part's need is in its whole's already
    for (int pass = 0; pass < 2; ++pass)
      for (size_t v = 0; v < g_.values.size(); ++v)
        if (planar_[v] && (root_[v] != kNoValue) == (pass == 1))
          pass == 0 ? place_whole(ValueId(v), pitch[find(ValueId(v))]) : place_part(ValueId(v));
  }

  void place_whole(ValueId v, int64_t pitch) {
    const Value& value = g_.value(v);
    const BorderNeed& need = need_[size_t(v)];
    PlanePlace place;
    PlaneLayout& l = place.layout;
    l.rows = value.shape[2];
    l.cols = value.shape[3];
    l.pitch = pitch;
    l.planes = value.type == DType::f32 ? slots(v) : slots(v) / 4;
    l.origin = round_up((need.top * pitch + need.left) * 4, 64);
    l.plane_bytes = round_up(
        l.origin + l.flat_vectors(isa_.lanes) * isa_.vector_bytes() + (need.bottom * pitch + need.right) * 4, 64);
    if ((l.plane_bytes / 64) % 2 == 0)
      l.plane_bytes += 64;  // an odd number of cache lines: the channels of a pixel spread over the sets
    if (l.planes * l.plane_bytes > std::numeric_limits<int32_t>::max()) refuse_size(g_, value);
    place.above = need.top;
    place.below = need.bottom;
    place.keep_border = need.any();
    place.border = border_of(value, need);
    place.channel_of = slot_map_[size_t(v)];
    place.at.index = int32_t(places_.buffers.size());
    // behind the last plane a flat loop may read one vector and the reach of its taps too far
    places_.buffers.push_back(
        {.name = value.name,
         .bytes = l.planes * l.plane_bytes + isa_.vector_bytes() + (need.bottom + need.top + 1) * pitch * 4});
    places_.planes[size_t(v)] = std::move(place);
  }

  void place_part(ValueId v) {
    int64_t slot = 0;
    ValueId whole = v;
    for (; root_[size_t(whole)] != kNoValue; whole = root_[size_t(whole)]) slot += first_slot_[size_t(whole)];
    PlanePlace place = *places_.planes[size_t(whole)];
    const int per_plane = g_.value(v).type == DType::f32 ? 1 : 4;
    place.at.offset += slot / per_plane * place.layout.plane_bytes;
    place.layout.planes = slots(v) / per_plane;
    place.channel_of = slot_map_[size_t(v)];
    places_.planes[size_t(v)] = std::move(place);
  }

  uint32_t border_of(const Value& value, const BorderNeed& need) const {
    if (value.type == DType::f32)
      return need.pool ? std::bit_cast<uint32_t>(-std::numeric_limits<float>::infinity()) : 0;
    if (need.pool || !value.quant) return 0;
    return uint32_t(value.quant->zero_point) * 0x01010101u;
  }

  // Everything else is plain: graph inputs and outputs where they are, the rest in buffers of its own. Reshapes share
  // their input's.
  void place_plain() {
    for (size_t i = 0; i < g_.inputs.size(); ++i)
      places_.plain[size_t(g_.inputs[i])] = PlainPlace{{SPARSEC_INPUT, int32_t(i), 0}};
    for (size_t i = 0; i < g_.outputs.size(); ++i) {
      std::optional<PlainPlace>& place = places_.plain[size_t(g_.outputs[i])];
      if (!place) place = PlainPlace{{SPARSEC_OUTPUT, int32_t(i), 0}};
    }
    const auto in_arena = [&](ValueId v) {
      std::optional<PlainPlace>& place = places_.plain[size_t(v)];
      if (place || g_.value(v).constant) return;
      place = PlainPlace{{SPARSEC_ARENA, int32_t(places_.buffers.size()), 0}};
      places_.buffers.push_back(
          {.name = g_.value(v).name,
           .bytes = std::max<int64_t>(1, elements(g_.value(v).shape)) * int64_t(size_of(g_.value(v).type)) + 64});
    };
    for (const Node& n : g_.nodes) {
      const bool planar = works_on_planes(g_, n);
      for (ValueId v : n.inputs)
        if (v != kNoValue && (!planar || reads_plain(n, v))) in_arena(v);
      for (ValueId v : n.outputs)
        if (has_place(v) && (!planar || !planar_[size_t(v)])) in_arena(v);
    }
  }

  const Graph& g_;
  const Isa& isa_;
  std::vector<int32_t> producer_;
  std::vector<ValueId> parent_;
  std::vector<BorderNeed> need_;
  std::vector<ValueId> root_;        // the concatenation that a value lies in
  std::vector<int64_t> first_slot_;  // where in it
  std::vector<bool> planar_;
  SlotMap slot_map_;
  Places places_;
};

bool same_pictures(const Graph& g, const Node& n) {
  for (ValueId v : n.inputs)
    if (!is_picture(g.value(v)) || g.value(v).shape != g.value(n.outputs[0]).shape) return false;
  return is_picture(g.value(n.outputs[0]));
}

}  // namespace

bool is_picture(const Value& v) {
  return v.shape.size() == 4 && v.shape[0] == 1 && v.constant == nullptr &&
         (v.type == DType::u8 || v.type == DType::f32);
}

bool works_on_planes(const Graph& g, const Node& n) {
  const auto is_u8 = [&](ValueId v) { return g.value(v).type == DType::u8; };
  if (std::holds_alternative<QConv>(n.op) || std::holds_alternative<FConv>(n.op) ||
      std::holds_alternative<Decode>(n.op))
    return true;
  if (n.outputs.empty() || !is_picture(g.value(n.outputs[0])) || n.inputs.empty() || !is_picture(g.value(n.inputs[0])))
    return false;
  if (std::holds_alternative<Lookup>(n.op) || std::holds_alternative<MaxPool>(n.op) ||
      std::holds_alternative<Resize>(n.op) || std::holds_alternative<SpaceToDepth>(n.op))
    return true;
  if (const auto* op = std::get_if<QBinary>(&n.op)) return same_pictures(g, n) && kernels::supports_qbinary(op->kind);
  if (const auto* op = std::get_if<Binary>(&n.op))
    return same_pictures(g, n) && !is_u8(n.inputs[0]) && kernels::supports_binary(op->kind);
  if (const auto* op = std::get_if<Unary>(&n.op))
    return op->kind == UnaryKind::silu || op->kind == UnaryKind::sigmoid || op->kind == UnaryKind::relu;
  if (std::holds_alternative<Dequantize>(n.op)) return is_u8(n.inputs[0]) && std::get<Dequantize>(n.op).q.per_tensor();
  if (std::holds_alternative<Quantize>(n.op)) return is_u8(n.outputs[0]) && std::get<Quantize>(n.op).q.per_tensor();
  if (const auto* op = std::get_if<Concat>(&n.op)) {
    if (op->axis != 1 && op->axis != -3) return false;
    for (ValueId v : n.inputs)
      if (!is_picture(g.value(v))) return false;
    return true;
  }
  return false;
}

void refuse_size(const Graph& graph, const Value& value) {
  throw CompileError(graph.meta.path + ": " + value.name + " of " + to_string(value.shape) +
                     " is too large; supported: 2 GB a tensor");
}

const Node* done_with(const Graph& graph, const Places& places, int32_t node) {
  const auto done = std::ranges::find(places.done_by, node);
  return done == places.done_by.end() ? nullptr : &graph.nodes[size_t(done - places.done_by.begin())];
}

std::vector<ValueId> values_read(const Graph& graph, const Places& places, int32_t node) {
  std::vector<ValueId> values = graph.nodes[size_t(node)].inputs;
  if (const Node* done = done_with(graph, places, node)) {
    std::erase(values, done->outputs[0]);
    values.insert(values.end(), done->inputs.begin(), done->inputs.end());
  }
  return values;
}

Places assign_places(const Graph& graph, const Isa& isa) { return Assigner(graph, isa).run(); }

}  // namespace sparsec
