// The anchors of raw heads, which no node of the graph reads: what the file says of them elsewhere.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/import/onnx_model.h"
#include "compiler/ir/graph.h"

namespace sparsec::importer {

// The likeliest first: tensors named *anchor_grid*, which are in pixels; tensors named *anchors*, which YOLOv5 divides
// by the strides; the property `anchors` of the metadata. Whatever does not look like anchors is left out.
std::vector<AnchorTable> anchors_of(const OnnxModel& model);

// A list of JSON's or Python's, by level or not: [[10,13, 16,30], [30,61, 62,45]], [[[10,13], [16,30]], ...], or plain
// numbers. Nothing when the text is none of these.
std::optional<AnchorTable> parse_anchors(std::string_view literal);

}  // namespace sparsec::importer
