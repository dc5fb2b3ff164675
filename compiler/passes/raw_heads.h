// Raw heads: models exported without the decoding, one output per level. They are compiled as they are; detection needs
// a Decode behind them.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec::passes {

struct RawHeads {
  Decode decode;                 // levels by growing stride
  std::vector<ValueId> levels;   // its inputs: the levels' convolution outputs, f32 [N, A*(5+classes), H, W]
  std::vector<ValueId> outputs;  // the graph outputs that carry them, in the same order
};

// Whether the graph's outputs are the raw heads of a YOLOv5: three or four levels, strides 8, 16, 32 (and 64), each
// [N,A,H,W,5+classes] or [N,A*(5+classes),H,W], before or after their sigmoid. `anchors` are widths and heights in
// pixels of the input, A per level by growing stride; when empty, the file's (Metadata::anchors), else YOLOv5's own for
// P5 or P6 models, three per level. Where these do not fit, the graph is no detector; given ones that do not fit throw
// CompileError.
std::optional<RawHeads> detect_raw_heads(const Graph& graph, const std::vector<std::array<float, 2>>& anchors);

}  // namespace sparsec::passes
