// Book-keeping of the lowering: steps, calls, constants, lifetimes.
#include "compiler/plan/lowering.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "compiler/error.h"

namespace sparsec {
namespace {

size_t digest(const kir::Function& function) {
  size_t h = function.code.size();
  for (const kir::Insn& x : function.code)
    for (uint64_t part : {uint64_t(x.op) | uint64_t(x.d) << 8 | uint64_t(x.a) << 16 | uint64_t(x.b) << 24 |
                              uint64_t(x.c) << 32 | uint64_t(x.e) << 40 | uint64_t(x.p) << 48,
                          uint64_t(uint32_t(x.offset)) | uint64_t(uint32_t(x.imm)) << 32})
      h = (h ^ part) * 0x9e3779b97f4a7c15u;
  return h;
}

}  // namespace

void Lowering::begin_step(std::string name, int32_t node, int64_t tiles, std::string comment, uint32_t split) {
  SPARSEC_CHECK(tiles >= 0, name);
  plan.program.steps.push_back(
      {std::move(name), std::move(comment), uint32_t(plan.program.calls.size()), 0, tiles, split});
  plan.step_node.push_back(node);
  extents_.emplace_back();
  extents_.back().runs = runs;
  extents_.back().detects = detects;
  extents_.back().alone = alone;
}

StepExtent::Planes Lowering::extent(ValueId v) const {
  const PlanePlace& p = planes(v);
  return {p.at.index, p.at.offset, p.layout.planes * p.layout.plane_bytes, p.layout.pitch, p.layout.flat_pixels()};
}

void Lowering::whole_tiles(const std::vector<ValueId>& reads, const std::vector<ValueId>& writes) {
  for (ValueId v : reads) extents_.back().reads.push_back(extent(v));
  for (ValueId v : writes) extents_.back().writes.push_back(extent(v));
}

void Lowering::flat_tiles(const std::vector<ValueId>& reads, int64_t reach, const std::vector<ValueId>& writes) {
  whole_tiles(reads, writes);
  extents_.back().tiles = StepExtent::Tiles::vectors;
  extents_.back().pixels_per_tile = isa.lanes;
  extents_.back().reach = reach;
}

void Lowering::row_tiles(const std::vector<ValueId>& reads, int64_t rows_per_tile, const std::vector<ValueId>& writes,
                         int64_t rows_written) {
  whole_tiles(reads, writes);
  extents_.back().tiles = StepExtent::Tiles::rows;
  extents_.back().pixels_per_tile = writes.empty() ? 1 : rows_written * planes(writes[0]).layout.pitch;
  extents_.back().rows_per_tile = rows_per_tile;
}

Operand Lowering::plain_rows(ValueId v, int64_t bytes, int64_t row) {
  Location at = plain(v);
  at.offset += bytes;
  return {at, row, graph.value(v).shape[2] * row};
}

void Lowering::plain_row_tiles(ValueId v, bool written) {
  const Location at = plain(v);
  if (at.space != SPARSEC_ARENA) return;
  const Value& value = graph.value(v);
  StepExtent& e = extents_.back();
  (written ? e.writes : e.reads)
      .push_back({at.index, at.offset, elements(value.shape) * int64_t(size_of(value.type)), value.shape[3],
                  value.shape[2] * value.shape[3]});
  if (written) e.pixels_per_tile = value.shape[3];
}

void Lowering::note_code(int64_t bytes, int64_t shared) {
  extents_.back().code += bytes - shared;
  extents_.back().largest_call = std::max(extents_.back().largest_call, bytes);
}

void Lowering::add_call(CallImage call, const std::vector<Operand>& operands) {
  for (const Operand& o : operands)
    if (o.neighbour != 0) call.neighbour = o.neighbour;
  SPARSEC_CHECK(!plan.program.steps.empty() && operands.size() <= SPARSEC_MAX_POINTERS,
                "a call needs a step and few pointers");
  call.pointers = uint32_t(operands.size());
  for (const Operand& o : operands) touch(o.at);
  plan.program.calls.push_back(std::move(call));
  pending_.push_back({operands});
  ++plan.program.steps.back().calls;
}

void Lowering::call(int32_t function, const std::vector<Operand>& operands) {
  CallImage call;
  call.function = function;
  add_call(std::move(call), operands);
}

void Lowering::call(const char* runtime_step, const std::vector<Operand>& operands) {
  CallImage call;
  call.runtime_step = runtime_step;
  add_call(std::move(call), operands);
}

void Lowering::touch(const Location& at) {
  if (at.space != SPARSEC_ARENA) return;
  Buffer& b = plan.places.buffers[size_t(at.index)];
  const auto step = int32_t(plan.program.steps.size()) - 1;
  b.first = std::min(b.first, step);
  b.last = std::max(b.last, step);
}

int32_t Lowering::add_function(kir::Function function) {
  std::vector<kir::Function>& all = plan.program.functions;
  const auto [same, end] = functions_.equal_range(digest(function));
  for (auto it = same; it != end; ++it)
    if (const kir::Function& other = all[size_t(it->second)];
        other.pointers == function.pointers && other.scratch == function.scratch && other.code == function.code)
      return it->second;
  functions_.emplace(digest(function), int32_t(all.size()));
  plan.program.functions.push_back(std::move(function));
  return int32_t(plan.program.functions.size() - 1);
}

std::string Lowering::function_name(std::string_view kind) const {
  return std::string(kind) + "_" + std::to_string(plan.program.functions.size());
}

Location Lowering::add_constant(const void* bytes, size_t size) {
  const auto* first = static_cast<const uint8_t*>(bytes);
  std::vector<uint8_t> key(first, first + size);
  std::vector<uint8_t>& all = plan.program.constants;
  const auto [it, fresh] = shared_.try_emplace(std::move(key), 0);
  if (fresh) {
    all.resize((all.size() + 63) / 64 * 64);
    it->second = int64_t(all.size());
    all.insert(all.end(), first, first + size);
  }
  return {SPARSEC_CONSTANTS, 0, it->second};
}

const PlanePlace& Lowering::planes(ValueId v) const {
  const std::optional<PlanePlace>& place = plan.places.planes[size_t(v)];
  SPARSEC_CHECK(place.has_value(), graph.value(v).name + " has no planes");
  return *place;
}

Location Lowering::plain(ValueId v) {
  const Value& value = graph.value(v);
  if (value.constant) {
    const auto [it, fresh] = constants_.try_emplace(v);
    if (fresh) it->second = add_constant(value.constant->bytes.data(), value.constant->bytes.size());
    return it->second;
  }
  const std::optional<PlainPlace>& place = plan.places.plain[size_t(v)];
  SPARSEC_CHECK(place.has_value(), value.name + " has no plain form");
  return place->at;
}

Operand Lowering::in_planes(ValueId v, int64_t bytes, int64_t stride) const {
  Location at = planes(v).at;
  at.offset += bytes;
  return {at, stride};
}

void Lowering::need_planes(ValueId v) {
  if (has_planes_[v]) return;
  has_planes_[v] = true;
  const bool saved = std::exchange(detects, detection.reads_value[size_t(v)]);
  planes_from_plain(*this, v);
  detects = saved;
}

void Lowering::need_rows_around(ValueId v, const Pads& pads) {
  auto& [above, below] = has_rows_around_[v];
  if (strips() == 1 || (pads.top <= above && pads.bottom <= below)) return;
  above = std::max(above, pads.top);
  below = std::max(below, pads.bottom);
  const PlaneLayout& l = planes(v).layout;
  const bool saved = std::exchange(detects, detection.reads_value[size_t(v)]);
  begin_step(graph.value(v).name + " edges", -1, l.planes, "rows of " + graph.value(v).name + " from other strips");
  detects = saved;
  edges_.push_back({int32_t(plan.program.steps.size()) - 1, planes(v).at.index, extents_.back().detects});
  whole_tiles({v}, {v});
  // `rows` from row `from` of the neighbour, as rows `to` and on
  const auto copy = [&](int32_t neighbour, int64_t rows, int64_t from, int64_t to) {
    if (rows == 0) return;
    sparsec_loop loop{};
    loop.element_bytes = 4;
    loop.rank = 2;
    loop.shape[0] = rows;
    loop.shape[1] = l.cols;
    loop.out[0] = loop.a[0] = l.pitch * 4;
    loop.out[1] = loop.a[1] = 4;
    Operand theirs = in_planes(v, l.origin + l.offset(from, 0), l.plane_bytes);
    theirs.neighbour = neighbour;
    call("copy", {in_planes(v, l.origin + l.offset(to, 0), l.plane_bytes), theirs, {add_descriptor(loop), 0}});
  };
  copy(-1, above, l.rows - above, -above);
  copy(1, below, 0, l.rows);
}

// The next meeting that both schedules have; the end of the picture is one.
void Lowering::keep_edges_alive() {
  for (size_t i = 0; i < edges_.size(); ++i) {
    const auto next = std::find_if(edges_.begin() + ptrdiff_t(i) + 1, edges_.end(),
                                   [&](const Edges& e) { return e.detects || !edges_[i].detects; });
    const int32_t until = next == edges_.end() ? int32_t(plan.program.steps.size()) - 1 : next->step;
    int32_t& last = plan.places.buffers[size_t(edges_[i].buffer)].last;
    last = std::max(last, until);
  }
}

void Lowering::need_plain(ValueId v) {
  if (graph.value(v).constant || has_plain_[v]) return;
  has_plain_[v] = true;
  const bool saved = std::exchange(detects, detection.reads_value[size_t(v)]);
  plain_from_planes(*this, v);
  detects = saved;
}

Operand Lowering::mask(ValueId v) {
  const PlaneLayout& l = planes(v).layout;
  const int64_t vectors = l.flat_vectors(isa.lanes);
  std::vector<uint8_t> bits(size_t(vectors * isa.mask_bytes()), 0);
  for (int64_t p = 0; p < vectors * isa.lanes; ++p)
    if (p / l.pitch < l.rows && p % l.pitch < l.cols) {
      const int64_t vector = p / isa.lanes, lane = p % isa.lanes;
      bits[size_t(vector * isa.mask_bytes() + lane / 8)] |= uint8_t(1u << (lane % 8));
    }
  return {add_constant(bits.data(), bits.size()), isa.mask_bytes()};
}

void Lowering::fill_border(ValueId v, Sides sides) {
  const PlanePlace& place = planes(v);
  if (!place.keep_border) return;
  std::erase_if(has_rows_around_, [&](const auto& x) { return planes(x.first).at.index == place.at.index; });
  const PlaneLayout& l = place.layout;
  const int64_t flat_end = l.origin + l.flat_vectors(isa.lanes) * isa.vector_bytes();
  const int64_t pitches_end = l.origin + l.rows * l.pitch * 4;
  const int64_t rows_end = l.origin + ((l.rows - 1) * l.pitch + l.cols) * 4;
  begin_step(graph.value(v).name + " border", -1, l.planes, "border of " + graph.value(v).name);
  extents_.back().is_border = true;
  extents_.back().detects = detection.reads_value[size_t(v)];
  extents_.back().writes.push_back(extent(v));
  const auto run = [&](int64_t from, int64_t to, int64_t repeat, int64_t step) {
    if (to <= from || repeat <= 0) return;
    sparsec_loop loop{};
    loop.element_bytes = 4;
    loop.rank = 2;
    loop.shape[0] = repeat;
    loop.out[0] = step;
    loop.shape[1] = (to - from) / 4;
    loop.out[1] = 4;
    loop.fill = place.border;
    call("fill", {in_planes(v, from, l.plane_bytes), {add_descriptor(loop), 0}});
  };
  run(0, l.origin, 1, 0);
  if (sides == Sides::border) run(l.origin + l.cols * 4, l.origin + l.pitch * 4, l.rows - 1, l.pitch * 4);
  const int64_t written = sides == Sides::flat ? flat_end : sides == Sides::rows ? pitches_end : rows_end;
  run(written, l.plane_bytes, 1, 0);
}

void Lowering::restore_border(ValueId v) {
  if (!planes(v).keep_border) return;
  fill_border(v, Sides::border);
  extents_.back().is_border = false;
}

void Lowering::resolve() {
  for (size_t c = 0; c < pending_.size(); ++c) {
    CallImage& call = plan.program.calls[c];
    call.first_pointer = uint32_t(plan.program.pointers.size());
    for (const Operand& o : pending_[c].operands) {
      int64_t offset = o.at.offset;
      uint32_t index = uint32_t(o.at.index);
      if (o.at.space == SPARSEC_ARENA) {
        offset += plan.places.buffers[index].offset + o.neighbour * plan.program.arena_bytes;
        index = 0;
      }
      plan.program.pointers.push_back({uint32_t(o.at.space), index, offset, o.stride, o.strip});
    }
  }
}

}  // namespace sparsec
