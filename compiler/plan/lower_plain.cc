// Plain row-major arrays: every operator as loops over strides, carried out by the runtime's ready-made steps; and
// conversions to and from planes.
#include <algorithm>
#include <bit>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"

namespace sparsec {
namespace {

// Byte strides of a packed array.
std::vector<int64_t> packed(const Shape& shape, size_t element) {
  std::vector<int64_t> strides(shape.size());
  auto step = int64_t(element);
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

// A loop nest over an output with its operands' strides; the outermost dimension becomes the tiles.
struct Nest {
  Shape shape;
  std::vector<std::vector<int64_t>> strides;  // output, then inputs; per dimension

  // Joins neighbours that are one run for every operand, and drops ones.
  void collapse() {
    for (size_t d = 0; d < shape.size();) {
      if (shape[d] == 1 && shape.size() > 1) {
        erase(d);
        continue;
      }
      const auto mergeable = [&](const std::vector<int64_t>& s) { return s[d] == s[d + 1] * shape[d + 1]; };
      if (d + 1 < shape.size() && std::all_of(strides.begin(), strides.end(), mergeable)) {
        shape[d + 1] *= shape[d];
        erase(d);
        continue;
      }
      ++d;
    }
  }
  void erase(size_t d) {
    shape.erase(shape.begin() + int64_t(d));
    for (auto& s : strides) s.erase(s.begin() + int64_t(d));
  }
};

class PlainLowering {
 public:
  PlainLowering(Lowering& to, const Node& node, int32_t index)
      : to_(to), node_(node), index_(index), out_(to.graph.value(node.outputs[0])) {}

  // One nest with a step of the runtime. `setup` fills the descriptor's parameters; offsets are bytes from each
  // operand's start.
  template <typename Setup>
  void nest(const char* step, Nest n, const std::vector<Location>& operands, Setup setup) {
    n.collapse();
    if (n.shape.empty()) {
      n.shape = {1};
      for (auto& s : n.strides) s = {0};
    }
    // the outermost dimension is shared by the threads, unless it is the only one and long: then it is cut in runs
    sparsec_loop loop{};
    int64_t tiles = 1;
    std::vector<int64_t> tile_strides(n.strides.size(), 0);
    if (n.shape.size() > 1) {
      tiles = n.shape[0];
      for (size_t k = 0; k < n.strides.size(); ++k) tile_strides[k] = n.strides[k][0];
      n.erase(0);
    }
    if (n.shape.size() > SPARSEC_LOOP_RANK)
      throw CompileError(to_.graph.meta.path + ": node " + node_.name + " (" + name_of(node_.op) +
                         "): too many dimensions; supported: " + std::to_string(SPARSEC_LOOP_RANK + 1));
    loop.rank = int32_t(n.shape.size());
    for (size_t d = 0; d < n.shape.size(); ++d) {
      loop.shape[d] = n.shape[d];
      loop.out[d] = n.strides[0][d];
      if (n.strides.size() > 1) loop.a[d] = n.strides[1][d];
      if (n.strides.size() > 2) loop.b[d] = n.strides[2][d];
    }
    setup(loop);
    to_.begin_step(node_.name, index_, tiles, node_.name + ": " + name_of(node_.op) + " -> " + to_string(out_.shape));
    std::vector<Operand> call;
    for (size_t k = 0; k < operands.size(); ++k) call.push_back({operands[k], tile_strides[k]});
    call.push_back({to_.add_descriptor(loop), 0});
    to_.call(step, call);
  }

  Location out() { return to_.plain(node_.outputs[0]); }
  Location in(size_t k) { return to_.plain(node_.inputs[k]); }
  const Value& input(size_t k) const { return to_.graph.value(node_.inputs[k]); }

  void run() {
    for (ValueId v : node_.inputs)
      if (v != kNoValue) to_.need_plain(v);
    std::visit([this](const auto& op) { lower(op); }, node_.op);
    to_.made_plain(node_.outputs[0]);
  }

 private:
  Nest elementwise() const {
    Nest n{out_.shape, {packed(out_.shape, size_of(out_.type))}};
    for (ValueId v : node_.inputs) {
      const Value& x = to_.graph.value(v);
      std::vector<int64_t> s = packed(x.shape, size_of(x.type));
      for (size_t d = 0; d < x.shape.size(); ++d)
        if (x.shape[d] == 1) s[d] = 0;
      s.insert(s.begin(), out_.shape.size() - x.shape.size(), 0);
      n.strides.push_back(std::move(s));
    }
    return n;
  }
  void need_f32(const Value& v) const {
    if (v.type != DType::f32)
      throw CompileError(to_.graph.meta.path + ": node " + node_.name + " (" + name_of(node_.op) + "): computes on " +
                         name_of(v.type) + "; supported: f32");
  }
  void copy(Nest n, Location from, Location to) {
    nest("copy", std::move(n), {to, from},
         [&](sparsec_loop& loop) { loop.element_bytes = int32_t(size_of(out_.type)); });
  }

  void lower(const Unary& op) {
    need_f32(out_);
    nest("unary", elementwise(), {out(), in(0)}, [&](sparsec_loop& loop) {
      loop.kind = uint32_t(op.kind);
      loop.alpha = op.alpha;
      loop.beta = op.beta;
    });
  }
  void lower(const Binary& op) {
    need_f32(out_);
    need_f32(input(0));
    nest("binary", elementwise(), {out(), in(0), in(1)}, [&](sparsec_loop& loop) { loop.kind = uint32_t(op.kind); });
  }
  void lower(const Cast& op) {
    nest("cast", elementwise(), {out(), in(0)}, [&](sparsec_loop& loop) {
      loop.type_a = abi_type(input(0).type);
      loop.type_out = abi_type(op.to);
    });
  }
  void lower(const Quantize& op) { each_slice(op.q, "quantise"); }
  void lower(const Dequantize& op) { each_slice(op.q, "dequantise"); }
  // Per-channel quantisers are one nest a channel.
  void each_slice(const QuantParams& q, const char* step) {
    const auto one = [&](Nest n, int64_t out_offset, int64_t in_offset, size_t k) {
      Location to = out(), from = in(0);
      to.offset += out_offset;
      from.offset += in_offset;
      nest(step, std::move(n), {to, from}, [&](sparsec_loop& loop) {
        loop.type_a = abi_type(input(0).type);
        loop.type_out = abi_type(out_.type);
        loop.scale = q.scale[k];
        loop.zero_point = q.zero_point[k];
      });
    };
    if (q.per_tensor()) return one(elementwise(), 0, 0, 0);
    const auto axis = size_t(q.axis < 0 ? q.axis + int64_t(out_.shape.size()) : q.axis);
    for (size_t k = 0; k < q.scale.size(); ++k) {
      Nest n = elementwise();
      const int64_t o = n.strides[0][axis], a = n.strides[1][axis];
      n.shape[axis] = 1;
      one(std::move(n), int64_t(k) * o, int64_t(k) * a, k);
    }
  }
  void lower(const Reshape&) {
    const int64_t n = elements(out_.shape);
    const auto e = int64_t(size_of(out_.type));
    copy({{n}, {{e}, {e}}}, in(0), out());
  }
  void lower(const Transpose& op) {
    const std::vector<int64_t> s = packed(input(0).shape, size_of(out_.type));
    Nest n{out_.shape, {packed(out_.shape, size_of(out_.type)), {}}};
    for (int64_t p : op.perm) n.strides[1].push_back(s[size_t(p)]);
    copy(std::move(n), in(0), out());
  }
  void lower(const Slice& op) {
    std::vector<int64_t> s = packed(input(0).shape, size_of(out_.type));
    Location from = in(0);
    for (size_t d = 0; d < s.size(); ++d) {
      from.offset += op.starts[d] * s[d];
      s[d] *= op.steps[d];
    }
    copy({out_.shape, {packed(out_.shape, size_of(out_.type)), s}}, from, out());
  }
  void lower(const Concat& op) {
    const std::vector<int64_t> o = packed(out_.shape, size_of(out_.type));
    const auto axis = size_t(op.axis < 0 ? op.axis + int64_t(out_.shape.size()) : op.axis);
    Location to = out();
    for (size_t k = 0; k < node_.inputs.size(); ++k) {
      if (elements(input(k).shape) == 0) continue;
      copy({input(k).shape, {o, packed(input(k).shape, size_of(out_.type))}}, in(k), to);
      to.offset += input(k).shape[axis] * o[axis];
    }
  }
  void lower(const Pad& op) {
    const std::vector<int64_t> o = packed(out_.shape, size_of(out_.type));
    const int64_t e = o.empty() ? 4 : o.back();
    nest("fill", {{elements(out_.shape)}, {{e}}}, {out()}, [&](sparsec_loop& loop) {
      loop.element_bytes = int32_t(size_of(out_.type));
      loop.fill = out_.type == DType::f32 ? std::bit_cast<uint32_t>(op.value) : uint32_t(int32_t(op.value));
    });
    Location to = out();
    for (size_t d = 0; d < o.size(); ++d) to.offset += op.before[d] * o[d];
    copy({input(0).shape, {o, packed(input(0).shape, size_of(out_.type))}}, in(0), to);
  }
  void lower(const Softmax& op) {
    need_f32(out_);
    const auto axis = size_t(op.axis < 0 ? op.axis + int64_t(out_.shape.size()) : op.axis);
    sparsec_softmax d{};
    const std::vector<int64_t> s = packed(out_.shape, 4);
    d.length = out_.shape[axis];
    d.stride = s[axis];
    Nest n{out_.shape, {s, s}};
    n.erase(axis);
    n.collapse();
    if (n.shape.size() > SPARSEC_LOOP_RANK)
      throw CompileError(to_.graph.meta.path + ": node " + node_.name + " (Softmax): too many dimensions");
    d.loop.rank = int32_t(n.shape.size());
    for (size_t i = 0; i < n.shape.size(); ++i) {
      d.loop.shape[i] = n.shape[i];
      d.loop.out[i] = d.loop.a[i] = n.strides[0][i];
    }
    to_.begin_step(node_.name, index_, 1, node_.name + ": Softmax");
    to_.call("softmax", {{out(), 0}, {in(0), 0}, {to_.add_descriptor(d), 0}});
  }
  template <typename Other>
  void lower(const Other& op) {
    throw CompileError(to_.graph.meta.path + ": node " + node_.name + " (" + name_of(Op(op)) + "): unsupported for " +
                       to_string(out_.shape) + " of " + name_of(out_.type) +
                       "; supported: batches of one picture, NCHW, f32 or quantised to u8");
  }

  Lowering& to_;
  const Node& node_;
  int32_t index_;
  const Value& out_;
};

// One call per slot: channel c of the plain array against its slot in the planes.
void convert(Lowering& to, ValueId v, bool into_planes) {
  const Value& value = to.graph.value(v);
  const PlanePlace& place = to.planes(v);
  const PlaneLayout& l = place.layout;
  const auto element = int64_t(size_of(value.type));
  const int64_t per_plane = value.type == DType::f32 ? 1 : 4;
  sparsec_loop loop{};
  loop.element_bytes = int32_t(element);
  loop.rank = 1;
  loop.shape[0] = l.cols;
  loop.out[0] = into_planes ? 4 : element;
  loop.a[0] = into_planes ? element : 4;
  if (into_planes) to.fill_border(v, Lowering::Sides::border);
  const Operand descriptor{to.add_descriptor(loop), 0};
  to.begin_step(value.name, -1, l.rows, value.name + (into_planes ? ": array to planes" : ": planes to array"));
  into_planes ? to.row_tiles({}, 1, {v}) : to.row_tiles({v}, 1, {});
  to.plain_row_tiles(v, !into_planes);
  for (size_t slot = 0; slot < place.channel_of.size(); ++slot) {
    if (place.channel_of[slot] < 0) continue;
    const Operand planar =
        to.in_planes(v, l.origin + int64_t(slot) / per_plane * l.plane_bytes + int64_t(slot) % per_plane, l.pitch * 4);
    const Operand flat =
        to.plain_rows(v, place.channel_of[slot] * l.rows * to.strips() * l.cols * element, l.cols * element);
    to.call("copy", into_planes ? std::vector<Operand>{planar, flat, descriptor}
                                : std::vector<Operand>{flat, planar, descriptor});
  }
}

}  // namespace

void lower_plain(Lowering& to, const Node& node, int32_t index) { PlainLowering(to, node, index).run(); }
void planes_from_plain(Lowering& to, ValueId v) { convert(to, v, true); }
void plain_from_planes(Lowering& to, ValueId v) { convert(to, v, false); }

}  // namespace sparsec
