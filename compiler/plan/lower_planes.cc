// Everything else that works on planes: tables, adds, activations, pools by generated kernels; resize and copies by
// ready-made steps. Quantisers and space-to-depth have files of their own (plane_steps.h).
#include <algorithm>

#include "codegen/kernels/pointwise.h"
#include "compiler/error.h"
#include "compiler/plan/integer_sum.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/plane_steps.h"
#include "compiler/plan/repeats.h"
#include "compiler/plan/two_fmas.h"

namespace sparsec {
namespace {

using kernels::Border;
using kernels::WordPool;

Border border_of(const PlanePlace& place) { return {place.keep_border, place.border}; }

// One call per plane of a flat kernel: `inputs` in the order of the kernel's pointers 0 and 3.
void flat_calls(Lowering& to, kir::Function function, const std::vector<ValueId>& inputs, ValueId out,
                const WordPool& pool, int64_t reach) {
  const int32_t id = to.add_function(std::move(function));
  const Operand words{to.add_words(pool.words()), 0};
  const PlanePlace& place = to.planes(out);
  to.flat_tiles(inputs, reach, {out});
  for (int64_t p = 0; p < place.layout.planes; ++p) {
    const auto plane = [&](ValueId v) {
      const PlaneLayout& l = to.planes(v).layout;
      return to.in_planes(v, l.origin + p * l.plane_bytes, to.isa.vector_bytes());
    };
    std::vector<Operand> operands{plane(inputs[0]), plane(out), words};
    if (inputs.size() > 1) operands.push_back(plane(inputs[1]));
    if (place.keep_border) operands.push_back(to.mask(out));
    to.call(id, operands);
  }
}

template <typename Write>
void flat_step(Lowering& to, const Node& node, int32_t index, const std::vector<ValueId>& inputs, std::string_view kind,
               Write write, int64_t reach = 0) {
  const ValueId out = node.outputs[0];
  to.fill_border(out, Lowering::Sides::flat);
  to.begin_step(node.name, index, to.planes(out).layout.flat_vectors(to.isa.lanes), describe(to, node));
  WordPool pool(kernels::kPoolPointer);
  flat_calls(to, write(pool, to.function_name(kind)), inputs, out, pool, reach);
}

void lower_flat_pool(Lowering& to, const Node& node, int32_t index) {
  const Window& w = std::get<MaxPool>(node.op).window;
  to.need_rows_around(node.inputs[0], w.pads);
  const PlaneLayout& in = to.planes(node.inputs[0]).layout;
  std::vector<int64_t> taps;
  for (int64_t y = 0; y < w.kernel[0]; ++y)
    for (int64_t x = 0; x < w.kernel[1]; ++x)
      taps.push_back(in.offset(y * w.dilations[0] - w.pads.top, x * w.dilations[1] - w.pads.left));
  const bool integer = to.graph.value(node.inputs[0]).type == DType::u8;
  flat_step(
      to, node, index, {node.inputs[0]}, "max_pool",
      [&](WordPool& pool, std::string name) {
        return kernels::lower_max_pool(to.isa, integer, taps, border_of(to.planes(node.outputs[0])), pool,
                                       std::move(name), describe(to, node));
      },
      std::max<int64_t>(0, taps.back() / 4));
}

// Any window, by the runtime's step: a tile is a plane, and int8 lanes are four pictures interleaved.
void lower_general_pool(Lowering& to, const Node& node, int32_t index) {
  const Window& w = std::get<MaxPool>(node.op).window;
  const ValueId x = node.inputs[0], y = node.outputs[0];
  const PlaneLayout &in = to.planes(x).layout, &out = to.planes(y).layout;
  const bool integer = to.graph.value(x).type == DType::u8;
  sparsec_pool d{};
  d.type = integer ? SPARSEC_U8 : SPARSEC_F32;
  d.in_rows = int32_t(in.rows);
  d.in_columns = int32_t(in.cols);
  d.out_rows = int32_t(out.rows);
  d.out_columns = int32_t(out.cols);
  d.in_pitch = in.pitch * 4;
  d.out_pitch = out.pitch * 4;
  d.in_step = d.out_step = 4;
  for (size_t i = 0; i < 2; ++i) {
    d.kernel[i] = int32_t(w.kernel[i]);
    d.strides[i] = int32_t(w.strides[i]);
    d.dilations[i] = int32_t(w.dilations[i]);
  }
  d.pad_top = int32_t(w.pads.top);
  d.pad_left = int32_t(w.pads.left);
  to.fill_border(y, Lowering::Sides::border);
  to.begin_step(node.name, index, out.planes, describe(to, node));
  to.whole_tiles({x}, {y});
  const Operand descriptor{to.add_descriptor(d), 0};
  for (int lane = 0; lane < (integer ? 4 : 1); ++lane)
    to.call("max_pool", {to.in_planes(y, out.origin + lane, out.plane_bytes),
                         to.in_planes(x, in.origin + lane, in.plane_bytes), descriptor});
}

void lower_repeat(Lowering& to, const Node& node, int32_t index, int32_t rows, int32_t columns) {
  const ValueId x = node.inputs[0], y = node.outputs[0];
  const PlaneLayout &in = to.planes(x).layout, &out = to.planes(y).layout;
  const sparsec_repeat d{int32_t(in.cols), rows,         columns, int32_t(in.planes), in.plane_bytes,
                         out.plane_bytes,  out.pitch * 4};
  to.fill_border(y, Lowering::Sides::border);
  to.begin_step(node.name, index, in.rows, describe(to, node));
  to.row_tiles({x}, 1, {y}, rows);
  to.call("repeat", {to.in_planes(y, out.origin, rows * out.pitch * 4),
                     to.in_planes(x, in.origin, in.pitch * 4),
                     {to.add_descriptor(d), 0}});
}

void lower_resize(Lowering& to, const Node& node, int32_t index) {
  const auto& op = std::get<Resize>(node.op);
  const ValueId x = node.inputs[0], y = node.outputs[0];
  const PlaneLayout &in = to.planes(x).layout, &out = to.planes(y).layout;
  const auto rows = times_each(op.source_row, in.rows), columns = times_each(op.source_col, in.cols);
  if (rows && columns) return lower_repeat(to, node, index, *rows, *columns);
  const sparsec_resize head{int32_t(out.rows), int32_t(out.cols), in.pitch * 4, out.pitch * 4};
  std::vector<uint8_t> bytes(reinterpret_cast<const uint8_t*>(&head), reinterpret_cast<const uint8_t*>(&head + 1));
  const auto append = [&](const std::vector<int64_t>& indices) {
    for (int64_t i : indices) {
      const auto v = int32_t(i);
      bytes.insert(bytes.end(), reinterpret_cast<const uint8_t*>(&v), reinterpret_cast<const uint8_t*>(&v + 1));
    }
  };
  append(op.source_row);
  append(op.source_col);
  to.fill_border(y, Lowering::Sides::border);
  to.begin_step(node.name, index, out.planes, describe(to, node));
  to.whole_tiles({x}, {y});
  to.call("resize", {to.in_planes(y, out.origin, out.plane_bytes),
                     to.in_planes(x, in.origin, in.plane_bytes),
                     {to.add_constant(bytes.data(), bytes.size()), 0}});
}

// Parts that could not be written in place are copied.
void lower_concat(Lowering& to, const Node& node, int32_t index) {
  const ValueId whole = node.outputs[0];
  const PlanePlace& out = to.planes(whole);
  int64_t plane = 0;
  std::vector<std::pair<ValueId, int64_t>> copies;
  for (ValueId part : node.inputs) {
    const PlanePlace& in = to.planes(part);
    const Location want{SPARSEC_ARENA, out.at.index, out.at.offset + plane * out.layout.plane_bytes};
    if (in.at.index != want.index || in.at.offset != want.offset) copies.emplace_back(part, plane);
    plane += in.layout.planes;
  }
  if (copies.empty()) return;
  to.fill_border(whole, Lowering::Sides::border);
  for (const auto& [part, first] : copies) {
    const PlaneLayout& in = to.planes(part).layout;
    sparsec_loop loop{};
    loop.element_bytes = 4;
    loop.rank = 2;
    loop.shape[0] = in.rows;
    loop.shape[1] = in.cols;
    loop.out[0] = out.layout.pitch * 4;
    loop.a[0] = in.pitch * 4;
    loop.out[1] = loop.a[1] = 4;
    to.begin_step(node.name, index, in.planes, describe(to, node) + ", copies " + to.graph.value(part).name);
    to.whole_tiles({part}, {whole});
    to.call("copy", {to.in_planes(whole, out.layout.origin + first * out.layout.plane_bytes, out.layout.plane_bytes),
                     to.in_planes(part, in.origin, in.plane_bytes),
                     {to.add_descriptor(loop), 0}});
  }
}

}  // namespace

std::string describe(const Lowering& to, const Node& node) {
  const Value& out = to.graph.value(node.outputs[0]);
  return node.name + ": " + name_of(node.op) + " -> " + to_string(out.shape);
}

void lower_planes(Lowering& to, const Node& node, int32_t index) {
  const auto place = int32_t(&node - to.graph.nodes.data());
  if (to.plan.places.done_by[size_t(place)] >= 0) return;  // with that node
  if (const Node* quantise = done_with(to.graph, to.plan.places, place)) {
    lower_quantised_phases(to, *quantise, node, index);
    return to.made_planes(node.outputs[0]);
  }
  if (std::holds_alternative<Quantize>(node.op)) {
    lower_quantise(to, node, index);
    return to.made_planes(node.outputs[0]);
  }
  for (ValueId v : node.inputs)
    if (v != kNoValue) to.need_planes(v);
  const ValueId out = node.outputs[0];
  const Border border = border_of(to.planes(out));
  const auto quant = [&](ValueId v) { return *to.graph.value(v).quant; };
  if (const auto* op = std::get_if<Lookup>(&node.op)) {
    flat_step(to, node, index, node.inputs, "lookup", [&](WordPool& pool, std::string name) {
      return kernels::lower_lookup(to.isa, *op, border, pool, std::move(name), describe(to, node));
    });
  } else if (const auto* op = std::get_if<QBinary>(&node.op)) {
    flat_step(to, node, index, node.inputs, "qbinary", [&](WordPool& pool, std::string name) {
      const Quant a = quant(node.inputs[0]), b = quant(node.inputs[1]), y = quant(out);
      if (kernels::supports_integer_sum(to.isa))
        if (const auto sum = in_integers(op->kind, a, b, y))
          return kernels::lower_integer_sum(to.isa, *sum, border, pool, std::move(name), describe(to, node));
      if (const auto sum = in_two_fmas(op->kind, a, b, y))
        return kernels::lower_sum_of_bytes(to.isa, *sum, y.zero_point, border, pool, std::move(name),
                                           describe(to, node));
      return kernels::lower_qbinary(to.isa, op->kind, a, b, y, border, pool, std::move(name), describe(to, node));
    });
  } else if (const auto* op = std::get_if<Unary>(&node.op)) {
    const Activation activation = op->kind == UnaryKind::silu      ? Activation::silu
                                  : op->kind == UnaryKind::sigmoid ? Activation::sigmoid
                                                                   : Activation::relu;
    flat_step(to, node, index, node.inputs, "unary", [&](WordPool& pool, std::string name) {
      return kernels::lower_unary(to.isa, activation, op->alpha, border, pool, std::move(name), describe(to, node));
    });
  } else if (const auto* op = std::get_if<Binary>(&node.op)) {
    flat_step(to, node, index, node.inputs, "binary", [&](WordPool& pool, std::string name) {
      return kernels::lower_binary(to.isa, op->kind, border, pool, std::move(name), describe(to, node));
    });
  } else if (std::holds_alternative<MaxPool>(node.op)) {
    to.plan.places.flat_pool[size_t(index)] ? lower_flat_pool(to, node, index) : lower_general_pool(to, node, index);
  } else if (std::holds_alternative<Resize>(node.op)) {
    lower_resize(to, node, index);
  } else if (std::holds_alternative<SpaceToDepth>(node.op)) {
    lower_space_to_depth(to, node, index);
  } else if (std::holds_alternative<Concat>(node.op)) {
    lower_concat(to, node, index);
  } else if (std::holds_alternative<Dequantize>(node.op)) {
    lower_dequantise(to, node, index);
  } else {
    SPARSEC_CHECK(false, "no kernel on planes for " + node.name);
  }
  to.made_planes(out);
}

}  // namespace sparsec
