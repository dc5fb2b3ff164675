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
  int64_t anchors = 0;  // 0: the output does not tell
  int64_t channels = 0, stride = 0;
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
    level.anchors = split[1];
    level.source = reshape->inputs[0];
    step_over_sigmoid();
    const Shape& joined = graph.value(level.source).shape;
    if (joined != Shape{split[0], split[1] * split[2], split[3], split[4]}) return std::nullopt;
  }
  const Value& value = graph.value(level.source);
  if (value.type != DType::f32 || value.shape.size() != 4 || links.producer(level.source) < 0) return std::nullopt;
  level.channels = value.shape[1];
  return level;
}

// The outputs as levels by growing stride.
std::optional<std::vector<Level>> levels_of(const Graph& graph) {
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
    levels.push_back(*level);
  }
  std::ranges::sort(levels, {}, &Level::stride);
  const int64_t told = levels[0].anchors, channels = levels[0].channels;
  for (size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    if (level.stride != int64_t{8} << i || level.channels != channels || level.anchors != told) return std::nullopt;
  }
  if (channels / std::max<int64_t>(told, 1) <= 5) return std::nullopt;
  return levels;
}

// Whether these levels can be those of `anchors`: as many to each, with a box, its objectness and a class for each.
bool fits(const std::vector<Level>& levels, const Anchors& anchors) {
  if (anchors.empty() || anchors.size() % levels.size() != 0) return false;
  const int64_t each = int64_t(anchors.size() / levels.size());
  const Level& level = levels[0];  // all are alike
  return (level.anchors == 0 || level.anchors == each) && level.channels % each == 0 && level.channels / each > 5;
}

[[noreturn]] void refuse(const Graph& graph, const std::vector<Level>& levels, const Anchors& given) {
  const std::string count = std::to_string(levels.size()), channels = std::to_string(levels[0].channels);
  const int64_t told = levels[0].anchors;
  const std::string needed =
      told ? std::to_string(told * int64_t(levels.size())) + " anchors (" + std::to_string(told) + " for each of " +
                 count + " levels)"
           : "as many anchors for each of " + count + " levels as share " + channels + " channels, more than 5 to each";
  throw CompileError(graph.meta.path + ": the raw heads need " + needed + ", not " + std::to_string(given.size()) +
                     "; give them by --anchors");
}

// ---- anchors that the file tells ------------------------------------------------------------------------------------

// The table in pixels, by growing stride; nothing when it is of another number of levels.
//
// YOLOv5 keeps `anchors` in strides of their level, where they are about 1 to 15; in pixels the largest is about as
// large as the picture. So a table in which no side is as large as the largest stride is in strides. And as YOLOv5
// itself checks, larger anchors belong to larger strides: a table that runs from large to small anchors runs from the
// coarsest level to the finest.
std::optional<Anchors> in_pixels(const AnchorTable& table, const std::vector<Level>& levels) {
  const size_t count = levels.size(), each = table.sizes.size() / count;
  if (each == 0 || table.sizes.size() % count != 0) return std::nullopt;
  if (table.levels != 0 && table.levels != int64_t(count)) return std::nullopt;
  float largest = 0;
  for (const auto& [w, h] : table.sizes) largest = std::max({largest, w, h});
  const bool in_strides = !table.in_pixels && largest < float(levels.back().stride);
  const auto area = [&](size_t level) {
    double sum = 0;
    for (size_t a = 0; a < each; ++a)
      sum += double(table.sizes[level * each + a][0]) * double(table.sizes[level * each + a][1]);
    return sum;
  };
  // In strides, sizes grow with their level more slowly, or hardly: there only a plain difference turns the table.
  const bool turned = area(0) > area(count - 1) * (in_strides ? 2 : 1);
  Anchors all;
  for (size_t i = 0; i < count; ++i) {
    const float unit = in_strides ? float(levels[i].stride) : 1;
    const size_t from = turned ? count - 1 - i : i;
    for (size_t a = 0; a < each; ++a) {
      const auto& [w, h] = table.sizes[from * each + a];
      all.push_back({w * unit, h * unit});
    }
  }
  return all;
}

// The file's first that fit, else YOLOv5's own.
std::optional<Anchors> known_anchors(const Graph& graph, const std::vector<Level>& levels) {
  for (const AnchorTable& table : graph.meta.anchors) {
    std::optional<Anchors> anchors = in_pixels(table, levels);
    if (anchors && fits(levels, *anchors)) return anchors;
  }
  const Anchors& yolo = default_anchors(levels.size());
  return fits(levels, yolo) ? std::optional(yolo) : std::nullopt;
}

}  // namespace

std::optional<RawHeads> detect_raw_heads(const Graph& graph, const Anchors& given) {
  std::optional<std::vector<Level>> levels = levels_of(graph);
  if (!levels) return std::nullopt;
  if (!given.empty() && !fits(*levels, given)) refuse(graph, *levels, given);
  const std::optional<Anchors> anchors = given.empty() ? known_anchors(graph, *levels) : std::optional(given);
  if (!anchors) return std::nullopt;
  const size_t per_level = anchors->size() / levels->size();
  RawHeads heads{{{}, (*levels)[0].channels / int64_t(per_level) - 5, false}, {}, {}};
  for (size_t i = 0; i < levels->size(); ++i) {
    const Level& level = (*levels)[i];
    const auto first = anchors->begin() + ptrdiff_t(i * per_level);
    heads.decode.levels.push_back({float(level.stride), {first, first + ptrdiff_t(per_level)}});
    heads.levels.push_back(level.source);
    heads.outputs.push_back(level.output);
  }
  return heads;
}

}  // namespace sparsec::passes
