#include "compiler/passes/passes.h"
#include "compiler/passes/raw_heads.h"
#include "tests/passes/head_builder.h"

namespace sparsec::passes {
namespace {

const std::vector<std::array<float, 2>> kSmall{{10, 13}, {16, 30}, {33, 23}}, kLarge{{116, 90}, {156, 198}, {373, 326}};

// Two levels of a 32x48 picture, strides 8 and 16.
Graph detector(HeadStyle style, bool quantised = false, int64_t batch = 1) {
  HeadBuilder b;
  b.style = style;
  b.batch = batch;
  const ValueId x = b.input({batch, 3, 32, 48});
  ValueId p3 = b.conv(x, 3 * 8, 8, 8), p4 = b.conv(x, 3 * 8, 16, 16);
  if (quantised) p3 = b.fake_quantize(p3, 0.1f, 120), p4 = b.fake_quantize(p4, 0.1f, 130);
  return b.build({b.op(Concat{1}, {b.level(p3, 8, kSmall), b.level(p4, 16, kLarge)})});
}

void expect_decode(const Graph& before) {
  const Graph after = lower_head(before);
  ASSERT_EQ(count<Decode>(after), 1u) << print(after);
  EXPECT_EQ(count<Reshape>(after), 0u);
  const Node& node = first<Decode>(after);
  const Decode& decode = std::get<Decode>(node.op);
  EXPECT_EQ(decode.classes, 3);
  EXPECT_FALSE(decode.sigmoid_done);
  ASSERT_EQ(decode.levels.size(), 2u);
  EXPECT_EQ(decode.levels[0].stride, 8);
  EXPECT_EQ(decode.levels[1].stride, 16);
  EXPECT_EQ(decode.levels[0].anchors, kSmall);
  EXPECT_EQ(decode.levels[1].anchors, kLarge);
  expect_same(before, after, 1e-5);
}

TEST(LowerHead, EverySpelling) {
  expect_decode(detector({}));
  expect_decode(detector({.sigmoid_first = true}));
  expect_decode(detector({.grid_minus_half = false}));
  expect_decode(detector({.square_by_mul = true}));
}

TEST(LowerHead, QuantisedConvolutionOutputsStayQuantised) {
  const Graph before = detector({}, true);
  expect_decode(before);
  EXPECT_EQ(count<Dequantize>(lower_head(before)), 2u);
}

TEST(LowerHead, FourLevels) {
  HeadBuilder b;
  b.classes = 1;
  const ValueId x = b.input({1, 2, 64, 128});
  std::vector<ValueId> levels;
  for (int64_t stride = 8; stride <= 64; stride *= 2) {
    levels.push_back(
        b.level(b.conv(x, 2 * 6, 1, stride), float(stride), {{float(stride), 20}, {7, float(3 * stride)}}));
  }
  const Graph before = b.build({b.op(Concat{1}, levels)});
  const Graph after = lower_head(before);
  ASSERT_EQ(count<Decode>(after), 1u);
  const Decode& decode = std::get<Decode>(first<Decode>(after).op);
  ASSERT_EQ(decode.levels.size(), 4u);
  EXPECT_EQ(decode.levels[3].stride, 64);
  EXPECT_EQ(decode.levels[3].anchors[1], (std::array<float, 2>{7, 192}));
  expect_same(before, after, 1e-5);
}

TEST(LowerHead, ABatchThatWasNotSplit) { expect_decode(detector({}, false, 2)); }

TEST(LowerHead, SigmoidDoneBeforeAQuantiser) {
  HeadBuilder b;
  const ValueId x = b.input({1, 3, 32, 48});
  const ValueId p = b.fake_quantize(b.unary(UnaryKind::sigmoid, b.conv(x, 3 * 8, 8, 8)), 1.0f / 256, 0);
  // The level starts from probabilities: drop the builder's own sigmoid again.
  const ValueId out = b.level(p, 8, kSmall);
  b.build({out});
  Graph before = b.graph();
  for (Node& node : before.nodes) {
    if (const Unary* op = as<Unary>(node);
        op && op->kind == UnaryKind::sigmoid &&
        as<Transpose>(before.nodes[size_t(before.producers()[size_t(node.inputs[0])])])) {
      replace_uses(before, node.outputs[0], node.inputs[0]);
    }
  }
  before = tidy(std::move(before));
  const Graph after = lower_head(before);
  ASSERT_EQ(count<Decode>(after), 1u) << print(after);
  EXPECT_TRUE(std::get<Decode>(first<Decode>(after).op).sigmoid_done);
  expect_same(before, after, 1e-5);
}

TEST(LowerHead, OtherOutputsOfTheTailStay) {
  HeadBuilder b;
  const ValueId p3 = b.conv(b.input({1, 3, 32, 48}), 3 * 8, 8, 8);
  const ValueId boxes = b.level(p3, 8, kSmall);
  b.style.decode_boxes = false;
  const Graph before = b.build({boxes, b.level(p3, 8, kSmall)});
  const Graph after = lower_head(before);
  EXPECT_EQ(count<Decode>(after), 1u);
  EXPECT_EQ(count<Transpose>(after), 1u);
  expect_same(before, after, 1e-5);
}

TEST(LowerHead, OnlyWhatComputesTheSame) {
  const auto expect_unchanged = [](const Graph& graph) { EXPECT_EQ(print(lower_head(graph)), print(graph)); };
  {  // boxes relative to the picture
    HeadBuilder b;
    const ValueId out = b.level(b.conv(b.input({1, 3, 32, 48}), 3 * 8, 8, 8), 8, kSmall);
    expect_unchanged(b.build({b.binary(BinaryKind::div, out, b.scalar(640))}));
  }
  {  // levels joined the other way round: taken, in that order
    HeadBuilder b;
    const ValueId x = b.input({1, 3, 32, 48});
    const ValueId p3 = b.level(b.conv(x, 3 * 8, 8, 8), 8, kSmall), p4 = b.level(b.conv(x, 3 * 8, 16, 16), 16, kLarge);
    const Graph before = b.build({b.op(Concat{1}, {p4, p3})});
    const Graph after = lower_head(before);
    ASSERT_EQ(count<Decode>(after), 1u);
    EXPECT_EQ(std::get<Decode>(first<Decode>(after).op).levels[0].stride, 16);
    expect_same(before, after, 1e-5);
  }
  {  // a quantiser inside the tail
    HeadBuilder b;
    const ValueId out = b.level(b.conv(b.input({1, 3, 32, 48}), 3 * 8, 8, 8), 8, kSmall);
    expect_unchanged(b.build({b.fake_quantize(out, 4, 0)}));
  }
  {  // three-dimensional, but no head
    GraphBuilder b;
    expect_unchanged(b.build({b.reshape(b.conv(b.input({1, 3, 4, 4}), 8), {1, 16, 8})}));
  }
}

Graph raw_detector(int64_t levels, bool five_dimensional) {
  HeadBuilder b;
  b.style.decode_boxes = false;
  const ValueId x = b.input({1, 3, 64, 128});
  std::vector<ValueId> outputs;
  for (int64_t i = 0; i < levels; ++i) {
    const ValueId conv = b.conv(x, 3 * 8, 1, int64_t{8} << i);
    outputs.push_back(five_dimensional ? b.level(conv, 0, kSmall) : conv);
  }
  return b.build(outputs);
}

TEST(RawHeads, YoloAnchorsByNumberOfLevels) {
  for (const bool five_dimensional : {false, true}) {
    for (const int64_t levels : {3, 4}) {
      const Graph graph = raw_detector(levels, five_dimensional);
      EXPECT_EQ(print(lower_head(graph)), print(graph));
      const auto heads = detect_raw_heads(graph, {});
      ASSERT_TRUE(heads);
      EXPECT_EQ(heads->decode.classes, 3);
      EXPECT_EQ(heads->outputs, graph.outputs);
      ASSERT_EQ(int64_t(heads->decode.levels.size()), levels);
      EXPECT_EQ(heads->decode.levels[2].stride, 32);
      EXPECT_EQ(heads->decode.levels[0].anchors[0],
                (std::array<float, 2>{levels == 3 ? 10.0f : 19.0f, levels == 3 ? 13.0f : 27.0f}));
      for (const ValueId id : heads->levels) EXPECT_EQ(graph.value(id).shape[1], 24);
    }
  }
}

// ONNX Runtime's quantiser puts quantisers behind the levels' convolutions: the level is what they give, as floats.
TEST(RawHeads, OfQuantisedLevels) {
  for (const bool sigmoid : {false, true}) {
    HeadBuilder b;
    b.style.decode_boxes = false;
    const ValueId x = b.input({1, 3, 64, 128});
    std::vector<ValueId> outputs;
    for (const int64_t stride : {8, 16, 32}) {
      const ValueId head = b.level(b.fake_quantize(b.conv(x, 3 * 8, 1, stride), 0.1f, 120), 0, kSmall);
      outputs.push_back(sigmoid ? b.unary(UnaryKind::sigmoid, head) : head);
    }
    const Graph graph = b.build(outputs), made = fuse_epilogues(integerise(graph));
    const auto heads = detect_raw_heads(made, {});
    ASSERT_TRUE(heads);
    EXPECT_EQ(heads->decode.classes, 3);
    for (const ValueId id : heads->levels) EXPECT_EQ(made.value(id).shape[1], 24);
    expect_same(graph, made, 1e-5, Stage::fused);
  }
}

TEST(RawHeads, AnchorsOfTheUsers) {
  const Graph graph = raw_detector(3, true);
  std::vector<std::array<float, 2>> anchors;
  for (int i = 0; i < 9; ++i) anchors.push_back({float(i), float(2 * i)});
  const auto heads = detect_raw_heads(graph, anchors);
  ASSERT_TRUE(heads);
  EXPECT_EQ(heads->decode.levels[1].anchors[0], (std::array<float, 2>{3, 6}));
  anchors.pop_back();
  EXPECT_THROW(detect_raw_heads(graph, anchors), CompileError);
  EXPECT_THROW(detect_raw_heads(raw_detector(3, false), anchors), CompileError);  // 8 for 3 levels
}

using Sizes = std::vector<std::array<float, 2>>;

// All anchors of the levels, one after the other; none where there is no detector.
Sizes found_anchors(const Graph& graph, const Sizes& given = {}) {
  Sizes all;
  const auto heads = detect_raw_heads(graph, given);
  if (!heads) return all;
  for (const DecodeLevel& level : heads->decode.levels)
    all.insert(all.end(), level.anchors.begin(), level.anchors.end());
  return all;
}

const Sizes kPixels{{8, 9}, {11, 12}, {17, 20}, {31, 31}, {40, 50}, {61, 62}, {100, 90}, {120, 150}, {200, 180}};

Graph with_tables(std::vector<AnchorTable> tables, bool five_dimensional = false) {
  Graph graph = raw_detector(3, five_dimensional);
  graph.meta.anchors = std::move(tables);
  return graph;
}

TEST(RawHeads, AnchorsOfTheFile) {
  for (const bool five_dimensional : {false, true})
    EXPECT_EQ(found_anchors(with_tables({{"grid", true, 3, kPixels}}, five_dimensional)), kPixels);
  EXPECT_EQ(found_anchors(with_tables({{"flat", false, 0, kPixels}})), kPixels);
  Sizes other = kPixels;
  other[0] = {5, 5};
  EXPECT_EQ(found_anchors(with_tables({{"grid", true, 3, kPixels}, {"anchors", false, 3, other}})), kPixels);
  EXPECT_EQ(found_anchors(with_tables({{"grid", true, 3, kPixels}}), other), other);  // --anchors come first
  // what does not fit is passed over: another number of levels, of anchors
  EXPECT_EQ(found_anchors(with_tables({{"nine levels", true, 9, other}, {"grid", true, 3, kPixels}})), kPixels);
  EXPECT_EQ(found_anchors(with_tables({{"four", true, 3, Sizes(12, {9, 9})}}, true))[0],
            (std::array<float, 2>{10, 13}));
}

TEST(RawHeads, AnchorsInStridesOfTheirLevel) {
  Sizes strides = kPixels;
  for (size_t i = 0; i < 9; ++i)
    for (float& side : strides[i]) side /= float(8 << i / 3);
  EXPECT_EQ(found_anchors(with_tables({{"anchors", false, 3, strides}})), kPixels);
  // a table that is known to be in pixels stays as it is, however small
  EXPECT_EQ(found_anchors(with_tables({{"anchor_grid", true, 3, strides}})), strides);
}

TEST(RawHeads, AnchorsFromTheCoarsestLevelToTheFinest) {
  Sizes turned(kPixels.begin() + 6, kPixels.end());
  turned.insert(turned.end(), kPixels.begin() + 3, kPixels.begin() + 6);
  turned.insert(turned.end(), kPixels.begin(), kPixels.begin() + 3);
  EXPECT_EQ(found_anchors(with_tables({{"anchor_grid", true, 3, turned}})), kPixels);
  for (size_t i = 0; i < 9; ++i)  // in strides of their level
    for (float& side : turned[i]) side /= float(32 >> i / 3);
  EXPECT_EQ(found_anchors(with_tables({{"anchors", false, 3, turned}})), kPixels);
}

// Two anchors a level: the file or the user must tell them; else the model is no detector, and nothing more.
TEST(RawHeads, OtherNumbersOfAnchors) {
  const Sizes two{{10, 13}, {16, 30}}, six{{8, 9}, {11, 12}, {31, 31}, {40, 50}, {100, 90}, {120, 150}};
  for (const bool five_dimensional : {false, true}) {
    HeadBuilder b;
    b.style.decode_boxes = false;
    const ValueId x = b.input({1, 3, 64, 128});
    std::vector<ValueId> outputs;
    for (const int64_t stride : {8, 16, 32}) {
      const ValueId conv = b.conv(x, 2 * 8, 1, stride);
      outputs.push_back(five_dimensional ? b.level(conv, 0, two) : conv);
    }
    Graph graph = b.build(outputs);
    EXPECT_FALSE(detect_raw_heads(graph, {}));
    EXPECT_EQ(found_anchors(graph, six), six);
    if (five_dimensional) {
      EXPECT_THROW(detect_raw_heads(graph, kPixels), CompileError);
    }
    graph.meta.anchors = {{"anchors", false, 3, six}};
    EXPECT_EQ(found_anchors(graph), six);
    EXPECT_EQ(detect_raw_heads(graph, {})->decode.classes, 3);
  }
}

TEST(RawHeads, NotEveryGraphOfThreeOutputs) {
  GraphBuilder b;
  const ValueId x = b.input({1, 3, 64, 64});
  EXPECT_FALSE(detect_raw_heads(b.build({b.conv(x, 24, 1, 4), b.conv(x, 24, 1, 8), b.conv(x, 24, 1, 16)}), {}));
  EXPECT_FALSE(detect_raw_heads(detector({}), {}));
}

}  // namespace
}  // namespace sparsec::passes
