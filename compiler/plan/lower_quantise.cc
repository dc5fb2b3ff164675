// Floats to bytes, from the caller's plain rows, and back. Kernels where the picture's width and quantiser fit them;
// else the runtime's step.
#include <algorithm>
#include <optional>

#include "codegen/kernels/pointwise.h"
#include "compiler/plan/by_products.h"
#include "compiler/plan/plane_steps.h"

namespace sparsec {

using kernels::WordPool;

namespace {

// A picture's plain float rows.
struct FloatRows {
  FloatRows(const Lowering& to, ValueId v) : value(v) {
    const Shape& shape = to.graph.value(v).shape;
    channels = shape[1];
    row_bytes = shape[3] * 4;
    channel_bytes = shape[2] * to.strips() * row_bytes;
  }
  ValueId value;
  int64_t channels, row_bytes, channel_bytes;
};

// A kernel and a call for each plane of up to four channels of y, from `rows` of x a tile. The kernels differ in how
// many channels they have: write(reciprocal, channels, pool, name).
template <typename Write>
void quantise_planes(Lowering& to, Quant quant, const FloatRows& x, int64_t rows, ValueId y, std::string_view kind,
                     Write write) {
  // Where an fma is a call of libm, it takes longer than a division.
  const std::optional<kernels::HalfReciprocal> reciprocal =
      to.isa.style == Style::calls ? std::nullopt : in_products(quant);
  WordPool pool(kernels::kPoolPointer);
  std::vector<kir::Function> functions;
  for (int64_t c = 0; c < x.channels; c += 4)
    functions.push_back(write(reciprocal, int(std::min<int64_t>(4, x.channels - c)), pool,
                              to.function_name(kind) + "_" + std::to_string(functions.size())));
  const Operand words{to.add_words(pool.words()), 0};
  const PlaneLayout& out = to.planes(y).layout;
  for (size_t p = 0; p < functions.size(); ++p) {
    Operand in = to.plain_rows(x.value, 4 * int64_t(p) * x.channel_bytes, x.row_bytes);
    in.stride *= rows;
    to.call(to.add_function(std::move(functions[p])),
            {in, to.in_planes(y, out.origin + int64_t(p) * out.plane_bytes, out.pitch * 4), words});
  }
}

}  // namespace

// The quantised input's phases from its plain float rows: `quantise` has no step of its own.
void lower_quantised_phases(Lowering& to, const Node& quantise, const Node& node, int32_t index) {
  const auto& op = std::get<SpaceToDepth>(node.op);
  const auto& q = std::get<Quantize>(quantise.op).q;
  const ValueId y = node.outputs[0];
  to.need_plain(quantise.inputs[0]);
  const FloatRows x(to, quantise.inputs[0]);
  const PlaneLayout& out = to.planes(y).layout;
  kernels::PhaseRows rows =
      begin_phases(to, op, y, uint32_t(uint8_t(op.fill)) * 0x01010101u, out.planes / (op.rows * op.cols));
  rows.in_pitch_bytes = x.row_bytes;
  const Quant quant{q.scale[0], q.zero_point[0]};
  const std::string what = quantise.name + ": Quantize, " + describe(to, node);
  to.begin_step(node.name, index, out.rows, what);
  to.row_tiles({}, op.rows, {y});
  quantise_planes(to, quant, x, op.rows, y, "quantise_phases",
                  [&](const auto& reciprocal, int channels, WordPool& pool, std::string name) {
                    return kernels::lower_quantise_phases(to.isa, quant, reciprocal, channels, x.channel_bytes, rows,
                                                          pool, std::move(name), what);
                  });
}

void lower_dequantise(Lowering& to, const Node& node, int32_t index) {
  const auto& q = std::get<Dequantize>(node.op).q;
  const PlanePlace &in = to.planes(node.inputs[0]), &out = to.planes(node.outputs[0]);
  to.begin_step(node.name, index, in.layout.flat_vectors(to.isa.lanes), describe(to, node));
  to.flat_tiles({node.inputs[0]}, 0, {node.outputs[0]});
  WordPool pool(kernels::kPoolPointer);
  std::vector<std::pair<int64_t, kir::Function>> planes;
  for (int64_t p = 0; p < in.layout.planes; ++p) {
    planes.emplace_back(
        p, kernels::lower_dequantise(to.isa, {q.scale[0], q.zero_point[0]}, 4, out.layout.plane_bytes, pool,
                                     to.function_name("dequantise") + "_" + std::to_string(p), describe(to, node)));
  }
  const Operand words{to.add_words(pool.words()), 0};
  for (auto& [p, function] : planes)
    to.call(to.add_function(std::move(function)),
            {to.in_planes(node.inputs[0], in.layout.origin + p * in.layout.plane_bytes, to.isa.vector_bytes()),
             to.in_planes(node.outputs[0], out.layout.origin + 4 * p * out.layout.plane_bytes, to.isa.vector_bytes()),
             words});
  to.restore_border(node.outputs[0]);
}

// From plain float rows. Widths that are no multiple of the vector go through a plain u8 array.
void lower_quantise(Lowering& to, const Node& node, int32_t index) {
  const auto& q = std::get<Quantize>(node.op).q;
  const Quant quant{q.scale[0], q.zero_point[0]};
  const ValueId y = node.outputs[0];
  to.need_plain(node.inputs[0]);
  const FloatRows x(to, node.inputs[0]);
  const PlaneLayout& out = to.planes(y).layout;
  to.fill_border(y, Lowering::Sides::border);
  to.begin_step(node.name, index, out.rows, describe(to, node));
  to.row_tiles({}, 1, {y});
  to.plain_row_tiles(x.value, false);
  if (out.cols % to.isa.lanes == 0 && kernels::fits_quantise_rows(quant))
    return quantise_planes(
        to, quant, x, 1, y, "quantise", [&](const auto& reciprocal, int channels, WordPool& pool, std::string name) {
          return kernels::lower_quantise_rows(to.isa, quant, reciprocal, channels, out.cols, x.channel_bytes,
                                              out.pitch * 4, pool, std::move(name), describe(to, node));
        });
  for (int64_t c = 0; c < x.channels; ++c) {
    sparsec_loop loop{};
    loop.rank = 1;
    loop.shape[0] = out.cols;
    loop.out[0] = 4;
    loop.a[0] = 4;
    loop.type_out = SPARSEC_U8;
    loop.scale = quant.scale;
    loop.zero_point = quant.zero_point;
    to.call("quantise", {to.in_planes(y, out.origin + c / 4 * out.plane_bytes + c % 4, out.pitch * 4),
                         to.plain_rows(x.value, c * x.channel_bytes, x.row_bytes),
                         {to.add_descriptor(loop), 0}});
  }
}

}  // namespace sparsec
