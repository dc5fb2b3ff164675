// Detectors by their output alone: the decoding lies in the model, but in arithmetic that `lower_head` does not take
// for Decode, such as with quantisers between its steps. Detection then runs the whole model and reads the rows that it
// gives.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/ir/graph.h"

namespace sparsec {

struct DecodedRows {
  ValueId output = kNoValue;  // f32 [1, boxes, 5 + classes]: centre, size, objectness, class scores
  int64_t boxes = 0, classes = 0;
};

// The rows of a YOLOv5, when the graph's one input is a picture [1,3,H,W] and its one three-dimensional output has as
// many boxes as A anchors make at every cell of strides 8, 16, 32 (and 64), A from 2 to SPARSEC_MAX_ANCHORS. (One box a
// cell is how other families of detectors count, whose rows mean something else.) Other outputs may only be the raw
// levels [1,A,H,W,5+classes], which some exporters add.
std::optional<DecodedRows> find_decoded_rows(const Graph& graph);

}  // namespace sparsec
