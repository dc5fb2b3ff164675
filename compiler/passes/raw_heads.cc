// Each graph output is followed up through sigmoid, transpose and reshape to a four-dimensional tensor; three or four
// of them whose sizes are the input's over 8, 16, 32 (and 64) are a YOLOv5.
#include "compiler/passes/raw_heads.h"

#include <algorithm>

#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

using Anchors = std::vector<std::array<float, 2>>;

// YOLOv5's anchors in pixels, as its model files list them.
const Anchors& default_anchors(size_t levels) {
  static const Anchors p5{{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                          {59, 119}, {116, 90}, {156, 198}, {373, 326}};
  static const Anchors p6{{19, 27},   {44, 40},   {38, 94},   {96, 68},   {86, 152},  {180, 137},
                          {140, 301}, {303, 264}, {238, 542}, {436, 615}, {739, 380}, {925, 792}};
  return levels == 3 ? p5 : p6;
}

struct Level {
  ValueId source = kNoValue, output = kNoValue;
  int64_t anchors = 0, row = 0;  // 0: the output does not tell
  int64_t stride = 0;
};

// The tensor [N, A*row, H, W] behind a graph output.
std::optional<Level> level_behind(const Graph& graph, const Links& links, ValueId output) {
  Level level{output, output};
  const auto step_over_sigmoid = [&] {
    const Node* node = produced_by<Unary>(graph, links, level.source);
    if (node && as<Unary>(*node)->kind == UnaryKind::sigmoid) level.source = node->inputs[0];
  };
  step_over_sigmoid();
  if (graph.value(output).shape.size() == 5) {
    const Node* transpose = produced_by<Transpose>(graph, links, level.source);
    if (!transpose || as<Transpose>(*transpose)->perm != std::vector<int64_t>{0, 1, 3, 4, 2}) return std::nullopt;
    level.source = transpose->inputs[0];
    step_over_sigmoid();
    const Node* reshape = produced_by<Reshape>(graph, links, level.source);
    if (!reshape) return std::nullopt;
    const Shape split = graph.value(level.source).shape;  // [N, A, row, H, W]
    level.anchors = split[1], level.row = split[2];
    level.source = reshape->inputs[0];
    step_over_sigmoid();
    const Shape& joined = graph.value(level.source).shape;
    if (joined != Shape{split[0], split[1] * split[2], split[3], split[4]}) return std::nullopt;
  }
  const Value& value = graph.value(level.source);
  if (value.type != DType::f32 || value.shape.size() != 4 || links.producer(level.source) < 0) return std::nullopt;
  return level;
}

}  // namespace

std::optional<RawHeads> detect_raw_heads(const Graph& graph, const Anchors& anchors) {
  if (graph.inputs.size() != 1 || graph.value(graph.inputs[0]).shape.size() != 4) return std::nullopt;
  const Shape& picture = graph.value(graph.inputs[0]).shape;
  if (graph.outputs.size() != 3 && graph.outputs.size() != 4) return std::nullopt;

  const Links links(graph);
  std::vector<Level> levels;
  for (const ValueId output : graph.outputs) {
    std::optional<Level> level = level_behind(graph, links, output);
    if (!level) return std::nullopt;
    const Shape& shape = graph.value(level->source).shape;
    if (shape[2] < 1 || picture[2] % shape[2] != 0) return std::nullopt;
    level->stride = picture[2] / shape[2];
    if (shape[3] * level->stride != picture[3]) return std::nullopt;
    if (level->row == 0) level->anchors = anchors.empty() ? 3 : int64_t(anchors.size() / graph.outputs.size());
    if (level->anchors < 1 || shape[1] % level->anchors != 0) return std::nullopt;
    level->row = shape[1] / level->anchors;
    levels.push_back(*level);
  }
  std::ranges::sort(levels, {}, &Level::stride);
  for (size_t i = 0; i < levels.size(); ++i) {
    const bool fits = levels[i].stride == int64_t{8} << i && levels[i].row == levels[0].row && levels[i].row > 5 &&
                      levels[i].anchors == levels[0].anchors;
    if (!fits) return std::nullopt;
  }

  const size_t per_level = size_t(levels[0].anchors);
  const Anchors& all = anchors.empty() ? default_anchors(levels.size()) : anchors;
  if (all.size() != per_level * levels.size()) {
    throw CompileError(graph.meta.path + ": the raw heads need " + std::to_string(per_level * levels.size()) +
                       " anchors (" + std::to_string(per_level) + " for each of " + std::to_string(levels.size()) +
                       " levels), not " + std::to_string(all.size()) + "; give them by --anchors");
  }
  RawHeads heads{{{}, levels[0].row - 5, false}, {}, {}};
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto first = all.begin() + ptrdiff_t(i * per_level);
    heads.decode.levels.push_back({float(levels[i].stride), {first, first + ptrdiff_t(per_level)}});
    heads.levels.push_back(levels[i].source);
    heads.outputs.push_back(levels[i].output);
  }
  return heads;
}

}  // namespace sparsec::passes
