// A number of boxes that fits the picture is what tells a detector's rows from any other three-dimensional output.
#include "compiler/plan/decoded_rows.h"

#include "sparsec/abi.h"

namespace sparsec {
namespace {

constexpr int64_t kFewestAnchors = 2;

// Cells of strides 8, 16, ... of a picture; 0 when one does not divide it.
int64_t cells_of(const Shape& picture, int levels) {
  int64_t cells = 0;
  for (int64_t stride = 8; levels > 0; --levels, stride *= 2) {
    if (picture[2] % stride != 0 || picture[3] % stride != 0) return 0;
    cells += picture[2] / stride * (picture[3] / stride);
  }
  return cells;
}

bool fit(int64_t boxes, const Shape& picture) {
  for (const int levels : {3, 4}) {
    const int64_t cells = cells_of(picture, levels);
    if (cells > 0 && boxes % cells == 0 && boxes / cells >= kFewestAnchors && boxes / cells <= SPARSEC_MAX_ANCHORS)
      return true;
  }
  return false;
}

}  // namespace

std::optional<DecodedRows> find_decoded_rows(const Graph& graph) {
  if (graph.inputs.size() != 1) return std::nullopt;
  const Shape& picture = graph.value(graph.inputs[0]).shape;
  if (picture.size() != 4 || picture[0] != 1 || picture[1] != 3) return std::nullopt;
  const std::vector<int32_t> producer = graph.producers();
  DecodedRows rows;
  for (const ValueId id : graph.outputs) {
    const Value& value = graph.value(id);
    if (value.shape.size() == 5) continue;
    const bool may_be = value.shape.size() == 3 && value.type == DType::f32 && value.shape[0] == 1 &&
                        value.shape[2] > 5 && producer[size_t(id)] >= 0 && fit(value.shape[1], picture);
    if (!may_be || rows.output != kNoValue) return std::nullopt;
    rows = {id, value.shape[1], value.shape[2] - 5};
  }
  if (rows.output == kNoValue) return std::nullopt;
  for (const ValueId id : graph.outputs)
    if (id != rows.output && graph.value(id).shape[4] != 5 + rows.classes) return std::nullopt;
  return rows;
}

}  // namespace sparsec
