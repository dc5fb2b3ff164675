// Both ends of a detector: the letterbox into the first layer's layout, and the decoded tensor from the head's planes.
#include <algorithm>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"

namespace sparsec {

void lower_decode(Lowering& to, size_t k) {
  const DetectionGraph& detection = to.detection;
  const Node& node = to.graph.nodes[size_t(detection.decode_node)];
  const auto& op = std::get<Decode>(node.op);
  const DecodeLevel& level = op.levels[k];
  const int64_t channels = 5 + op.classes;
  int64_t cell = 0;  // of the level's first anchor
  for (size_t before = 0; before < k; ++before) {
    const Shape& shape = to.graph.value(node.inputs[before]).shape;
    cell += int64_t(op.levels[before].anchors.size()) * shape[2] * to.strips() * shape[3];
  }
  to.need_planes(node.inputs[k]);
  const PlaneLayout& l = to.planes(node.inputs[k]).layout;
  to.begin_step(node.name + " level " + std::to_string(k), detection.decode_node, l.rows,
                node.name + ": decode, stride " + std::to_string(int(level.stride)));
  to.row_tiles({node.inputs[k]}, 1, {});
  for (size_t a = 0; a < level.anchors.size(); ++a) {
    sparsec_decode_row d{};
    d.columns = int32_t(l.cols);
    d.channels = int32_t(channels);
    d.plane_stride = l.plane_bytes;
    d.column_stride = 4;
    d.stride = level.stride;
    d.anchor_width = level.anchors[a][0];
    d.anchor_height = level.anchors[a][1];
    d.sigmoid_done = op.sigmoid_done;
    Location out = to.plain(node.outputs[0]);
    out.offset += cell * channels * 4;
    to.call("decode_row", {{out, l.cols * channels * 4, l.rows * l.cols * channels * 4},
                           to.in_planes(node.inputs[k], l.origin + int64_t(a) * channels * l.plane_bytes, l.pitch * 4),
                           {out, 0},
                           {to.add_descriptor(d), 0}});
    cell += l.rows * to.strips() * l.cols;
  }
}

void lower_letterbox(Lowering& to) {
  const DetectionGraph& detection = to.detection;
  const ValueId input = to.graph.inputs[0], begin = detection.begin;
  const Value& value = to.graph.value(begin);
  const Shape& net = to.graph.value(input).shape;
  const bool bytes = value.type == DType::u8;
  sparsec_letterbox d{};
  d.type = abi_type(value.type);
  d.rows = int32_t(net[2] * to.strips());
  d.columns = int32_t(net[3]);
  d.phase_rows = int32_t(detection.phases.rows);
  d.phase_columns = int32_t(detection.phases.cols);
  d.identity = bytes;
  for (size_t v = 0; v < 256; ++v) {
    d.value[v] = detection.pixel[v];
    if (!bytes) continue;
    d.byte[v] = uint8_t(detection.pixel[v]);
    d.identity &= uint32_t(d.byte[v] == v);
  }
  to.begin_step("letterbox", -1, value.shape[2], "letterbox -> " + value.name + " " + to_string(value.shape));
  if (begin == input) {
    const int64_t row = net[3] * int64_t(size_of(value.type));
    d.plane_stride = d.rows * row;
    return to.call(
        "letterbox",
        {to.plain_rows(input, 0, row), {to.plain(input), 0}, {{SPARSEC_PICTURE, 0, 0}, 0}, {to.add_descriptor(d), 0}});
  }
  const PlanePlace& place = to.planes(begin);
  const PlaneLayout& l = place.layout;
  for (size_t slot = 0; slot < place.channel_of.size(); ++slot) {  // R, G, B and nothing, phase by phase
    const auto channel = int32_t(bytes ? slot / 4 * 3 + slot % 4 : slot);
    SPARSEC_CHECK(place.channel_of[slot] == (bytes && slot % 4 == 3 ? -1 : channel), "pixels lie in their order");
  }
  d.lanes = bytes;
  d.plane_stride = l.plane_bytes;
  to.row_tiles({}, 1, {begin});
  const Operand out = to.in_planes(begin, l.origin, l.pitch * 4);
  const Operand origin{out.at, 0, -l.rows * l.pitch * 4};  // of the picture, not of the strip
  to.call("letterbox", {out, origin, {{SPARSEC_PICTURE, 0, 0}, 0}, {to.add_descriptor(d), 0}});
}

}  // namespace sparsec
