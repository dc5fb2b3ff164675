#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

// As YOLOv5 v5.0 exports it: rows first, then columns; (row, col) phases (0,0), (1,0), (0,1), (1,1).
ValueId focus(GraphBuilder& b, ValueId x) {
  const Shape s = b.graph().value(x).shape;
  std::vector<ValueId> parts;
  for (const auto& [row, col] : {std::pair(0, 0), std::pair(1, 0), std::pair(0, 1), std::pair(1, 1)}) {
    const ValueId rows = b.op(Slice{{0, 0, row, 0}, {1, 1, 2, 1}, {s[0], s[1], s[2] / 2, s[3]}}, {x});
    parts.push_back(b.op(Slice{{0, 0, 0, col}, {1, 1, 1, 2}, {s[0], s[1], s[2] / 2, s[3] / 2}}, {rows}));
  }
  return b.op(Concat{1}, parts);
}

TEST(RecogniseFocus, BecomesSpaceToDepth) {
  GraphBuilder b;
  const Graph before = b.build({b.conv(focus(b, b.input({1, 3, 6, 8})), 5, 3, 1, 1)});
  const Graph after = recognise_focus(before);
  EXPECT_EQ(after.nodes.size(), 2u) << print(after);
  EXPECT_EQ(count<SpaceToDepth>(after), 1u);
  expect_same(before, after);
}

TEST(RecogniseFocus, QuantisedWithWeightsPerChannel) {
  GraphBuilder b;
  const ValueId x = b.fake_quantize(focus(b, b.fake_quantize(b.input({1, 3, 6, 8}), 0.01f, 100)), 0.01f, 100);
  const ValueId integers = b.random<int8_t>({2, 12, 3, 3}, -127, 128);
  const ValueId w = b.op(Dequantize{{{0.01f, 0.02f}, {0, 0}, 0}}, {integers});
  const Graph before = b.build({b.op(Conv{b.window(3)}, {x, w}), b.conv(x, 4)});
  const Graph after = recognise_focus(before);
  EXPECT_EQ(count<SpaceToDepth>(after), 1u);
  EXPECT_EQ(count<Slice>(after), 0u);
  expect_same(before, after);
}

TEST(RecogniseFocus, WeightsScaledPerInputChannel) {
  GraphBuilder b;
  std::vector<float> scale;
  for (int i = 1; i <= 12; ++i) scale.push_back(0.01f * float(i));
  const ValueId w =
      b.op(Dequantize{{scale, std::vector<int32_t>(12, 0), 1}}, {b.random<int8_t>({2, 12, 1, 1}, -127, 128)});
  const Graph before = b.build({b.op(Conv{}, {focus(b, b.input({1, 3, 6, 8})), w})});
  const Graph after = recognise_focus(before);
  EXPECT_EQ(count<SpaceToDepth>(after), 1u);
  expect_same(before, after);
}

TEST(RecogniseFocus, StaysWhenAnythingElseReadsIt) {
  GraphBuilder b;
  const ValueId f = focus(b, b.input({1, 3, 6, 8}));
  const Graph before = b.build({b.conv(f, 5), b.unary(UnaryKind::relu, f)});
  EXPECT_EQ(print(recognise_focus(before)), print(before));
}

TEST(RecogniseFocus, EveryPhaseOnce) {
  GraphBuilder b;
  const ValueId x = b.input({1, 1, 4, 4});
  const ValueId part = b.op(Slice{{0, 0, 0, 1}, {1, 1, 2, 2}, {1, 1, 2, 2}}, {x});
  const Graph before = b.build({b.conv(b.op(Concat{1}, {part, part, part, part}), 2)});
  EXPECT_EQ(print(recognise_focus(before)), print(before));
}

}  // namespace
}  // namespace sparsec::passes
