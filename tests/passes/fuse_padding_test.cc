#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

ValueId pad(GraphBuilder& b, ValueId x, float value) { return b.op(Pad{{0, 0, 1, 2}, {0, 0, 3, 0}, value}, {x}); }

TEST(FusePadding, ZerosJoinTheConvolution) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const Graph before = b.build({b.conv(pad(b, x, 0), 3, 3, 2, 1)});
  const Graph after = fuse_padding(before);
  ASSERT_EQ(after.nodes.size(), 1u);
  EXPECT_EQ(std::get<Conv>(after.nodes[0].op).window.pads, (Pads{2, 3, 4, 1}));
  expect_same(before, after, 0);
}

TEST(FusePadding, OtherNumbersDoNot) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const Graph before = b.build({b.conv(pad(b, x, 1), 3, 3)});
  EXPECT_EQ(print(fuse_padding(before)), print(before));
}

TEST(FusePadding, ThroughQuantisers) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const ValueId padded = b.fake_quantize(pad(b, x, 0), 0.02f, 57);
  const Graph before =
      b.build({b.conv(padded, 3, 3), b.unary(UnaryKind::relu, padded)});  // the other reader keeps its Pad
  const Graph after = fuse_padding(before);
  EXPECT_EQ(count<Pad>(after), 1u);
  EXPECT_EQ(std::get<Conv>(first<Conv>(after).op).window.pads, (Pads{1, 2, 3, 0}));
  expect_same(before, after, 0);
}

TEST(FusePadding, IntegersPaddedByTheirZeroPoint) {
  for (const float value : {57.0f, 0.0f}) {
    GraphBuilder b;
    const ValueId q = b.quantize(b.input({1, 2, 6, 6}), 0.02f, 57);
    const Graph before = b.build({b.conv(b.dequantize(pad(b, q, value), 0.02f, 57), 3, 3)});
    const Graph after = fuse_padding(before);
    EXPECT_EQ(count<Pad>(after), value == 57 ? 0u : 1u);
    expect_same(before, after, 0);
  }
}

TEST(FusePadding, PadOnPad) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const Graph before = b.build({b.conv(pad(b, pad(b, x, 0), 0), 3, 3)});
  const Graph after = fuse_padding(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after, 0);
}

TEST(FusePadding, MaxPoolTakesWhatCannotWin) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const ValueId positive = b.unary(UnaryKind::relu, x);
  const auto pool = [&](ValueId v, int64_t kernel) { return b.op(MaxPool{b.window(kernel)}, {v}); };
  const Graph before = b.build({pool(pad(b, positive, 0), 5), pool(pad(b, x, -INFINITY), 5),
                                pool(pad(b, x, 0), 5),           // zeros win over negative numbers
                                pool(pad(b, positive, 0), 2)});  // windows that lie in the padding
  const Graph after = fuse_padding(before);
  EXPECT_EQ(count<Pad>(after), 2u) << print(after);
  expect_same(before, after, 0);
}

TEST(FusePadding, ChannelsAreNoWindow) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 6, 6});
  const ValueId padded = b.op(Pad{{0, 1, 0, 0}, {0, 0, 0, 0}, 0}, {x});
  const Graph before = b.build({b.conv(padded, 3, 3)});
  EXPECT_EQ(print(fuse_padding(before)), print(before));
}

}  // namespace
}  // namespace sparsec::passes
