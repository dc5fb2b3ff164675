// Space-to-depth: a picture taken apart into its phases, by a kernel whose call reads a plane once; where none fits,
// every rows-th row of a plane by the runtime's step.
#include <bit>

#include "compiler/plan/plane_steps.h"

namespace sparsec {

using kernels::WordPool;

// Where the phases of a picture go, and its border's step. The sides of rows are in the same cache lines: they are
// filled with the rows where the last one's is in the plane, and where it is not the letterbox that writes the rows of
// a detection.
kernels::PhaseRows begin_phases(Lowering& to, const SpaceToDepth& op, ValueId y, uint32_t fill, int64_t planes) {
  const PlanePlace& place = to.planes(y);
  const PlaneLayout& out = place.layout;
  const bool with_sides = place.keep_border && place.border == fill && y != to.detection.begin &&
                          out.origin + out.rows * out.pitch * 4 <= out.plane_bytes;
  to.fill_border(y, with_sides ? Lowering::Sides::rows : Lowering::Sides::border);
  return {.rows = op.rows,
          .step = op.cols,
          .cols = out.cols,
          .filled = with_sides ? out.pitch : out.cols,
          .fill = fill,
          .out_pitch_bytes = out.pitch * 4,
          .phase_bytes = planes * out.plane_bytes};
}

// Each phase of each plane is a picture of its own: rows of every rows-th row, of every cols-th pixel. A call reads a
// plane once; where no kernel fits, every rows-th row of a plane, by the runtime's step.
void lower_space_to_depth(Lowering& to, const Node& node, int32_t index) {
  const auto& op = std::get<SpaceToDepth>(node.op);
  const ValueId x = node.inputs[0], y = node.outputs[0];
  const PlaneLayout &in = to.planes(x).layout, &out = to.planes(y).layout;
  const bool integer = to.graph.value(x).type == DType::u8;
  const uint32_t fill = integer ? uint32_t(uint8_t(op.fill)) * 0x01010101u : std::bit_cast<uint32_t>(op.fill);
  const int64_t planes = in.planes;
  kernels::PhaseRows rows = begin_phases(to, op, y, fill, planes);
  rows.in_pitch_bytes = in.pitch * 4;
  to.begin_step(node.name, index, out.rows, describe(to, node));
  to.row_tiles({x}, op.rows, {y});
  if (kernels::fits_phases(to.isa, op.cols, in.cols)) {
    WordPool pool(kernels::kPoolPointer);
    const int32_t id = to.add_function(
        kernels::lower_split_rows(to.isa, rows, pool, to.function_name("split_rows"), describe(to, node)));
    const Operand words{to.add_words(pool.words()), 0};
    for (int64_t p = 0; p < planes; ++p)
      to.call(id, {to.in_planes(x, in.origin + p * in.plane_bytes, op.rows * in.pitch * 4),
                   to.in_planes(y, out.origin + p * out.plane_bytes, out.pitch * 4), words});
    return;
  }
  const sparsec_split_row d{int32_t(in.cols), int32_t(rows.filled), int32_t(op.cols), fill, rows.phase_bytes};
  const Operand descriptor{to.add_descriptor(d), 0};
  for (int64_t p = 0; p < planes; ++p)
    for (int64_t py = 0; py < op.rows; ++py)
      to.call("split_row", {to.in_planes(y, out.origin + (py * op.cols * planes + p) * out.plane_bytes, out.pitch * 4),
                            to.in_planes(x, in.origin + p * in.plane_bytes + py * in.pitch * 4, op.rows * in.pitch * 4),
                            descriptor});
}

}  // namespace sparsec
