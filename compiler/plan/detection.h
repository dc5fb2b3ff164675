// What detection computes, as against a run of the whole model: both ends are its own.
//
// It does not begin at the model's input but at what the first layer reads, which the letterbox writes from the picture
// (`begin`); and it ends at the levels of the head, without the decoded tensor. Levels that a convolution makes and
// nothing but the decoding reads are lazy: detection computes their objectness by a convolution of its own, and the
// rest where that passes (runtime/core/lazy_head.h).
//
// Where there are no levels but the model's output has a detector's rows (decoded_rows.h), it ends at that output.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/plan/decoded_rows.h"
#include "compiler/plan/plan.h"

namespace sparsec {

// The graph as detection runs it.
struct DetectionGraph {
  struct Level {
    ValueId planes = kNoValue;
    ValueId objectness = kNoValue;  // of a lazy level: one channel per anchor
    int32_t conv = -1;              // of a lazy level: the node that makes its planes
  };

  // The given graph, and behind its nodes a convolution for each lazy level's objectness: all numbers stay.
  Graph graph;
  std::vector<Level> levels;
  Decode decode;                                            // of the levels
  std::optional<DecodedRows> rows;                          // instead of levels
  bool detects() const { return !levels.empty() || rows; }  // else all else is of no meaning
  int32_t decode_node = -1;                                 // -1: raw heads
  // The value that the letterbox writes instead of the model's input, its phases, and what it makes of a pixel's value.
  ValueId begin = kNoValue;
  SpaceToDepth phases{1, 1};
  std::array<float, 256> pixel{};
  std::vector<bool> needs_node, reads_value;  // by number in `graph`
};

// Of a model with a Decode, or else with raw heads, or else with rows; `raw_head` may be null.
DetectionGraph plan_detection(const Graph& graph, const RawHead* raw_head);

}  // namespace sparsec
