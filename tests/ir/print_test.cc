// The dump of a graph with every kind of attribute, word for word.
#include "compiler/ir/print.h"

#include <gtest/gtest.h>

#include "tests/ir/build.h"

namespace sparsec {
namespace {

using testing::add_input;
using testing::add_node;

TEST(Print, RealDialect) {
  Graph g;
  const ValueId x = add_input(g, "images", DType::f32, {1, 3, 8, 8});
  const ValueId w = g.add_constant("w0", Tensor(DType::f32, {4, 3, 6, 6}));
  const ValueId b = g.add_constant("b0", Tensor(DType::f32, {4}));
  ValueId v = add_node(g, "/model.0/conv/Conv", Conv{{{6, 6}, {2, 2}, {1, 1}, {2, 2, 2, 2}}, 1}, {x, w, b});
  v = add_node(g, "act", Unary{UnaryKind::leaky_relu, 0.1f}, {v});
  v = add_node(g, "q", Quantize{{{0.25f}, {7}, 0}}, {v}, {{DType::u8, {}}});
  v = add_node(g, "dq", Dequantize{{{0.25f}, {7}, 0}}, {v});
  v = add_node(g, "pool", MaxPool{{{3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}}}, {v});
  v = add_node(g, "up", Resize{{0, 0, 1, 1, 2, 2, 3, 3}, {3, 1}}, {v});
  v = add_node(g, "pad", Pad{{0, 0, 0, 1}, {0, 0, 0, 0}, 0.5f}, {v});
  v = add_node(g, "slice", Slice{{0, 0, 1, 0}, {1, 1, 2, 1}, {1, 4, 2, 3}}, {v});
  v = add_node(g, "turn", Transpose{{0, 2, 3, 1}}, {v});
  v = add_node(g, "flat", Reshape{}, {v}, {{DType::f32, {24}}});
  v = add_node(g, "twice", Binary{BinaryKind::add}, {v, v});
  v = add_node(g, "join", Concat{0}, {v, v});
  v = add_node(g, "soft", Softmax{0}, {v});
  v = add_node(g, "", Cast{DType::s32}, {v});
  g.outputs = {v};
  EXPECT_EQ(
      print(g),
      "input %0 f32 1x3x8x8   # images\n"
      "%3 f32 1x4x4x4 = Conv(%0, %w0[4x3x6x6], %b0[4]) kernel=6x6 strides=2x2 pads=2,2,2,2   # /model.0/conv/Conv\n"
      "%4 f32 1x4x4x4 = Unary(%3) leaky_relu alpha=0.1   # act\n"
      "%5 u8 1x4x4x4 = Quantize(%4) scale=0.25 zero_point=7   # q\n"
      "%6 f32 1x4x4x4 = Dequantize(%5) scale=0.25 zero_point=7   # dq\n"
      "%7 f32 1x4x4x4 = MaxPool(%6) kernel=3x3 strides=1x1 dilations=2x2 pads=2,2,2,2   # pool\n"
      "%8 f32 1x4x8x2 = Resize(%7) rows=2x cols=2/sum(4)   # up\n"
      "%9 f32 1x4x8x3 = Pad(%8) before=0,0,0,1 after=0,0,0,0 value=0.5   # pad\n"
      "%10 f32 1x4x2x3 = Slice(%9) starts=0,0,1,0 steps=1,1,2,1 extents=1,4,2,3   # slice\n"
      "%11 f32 1x2x3x4 = Transpose(%10) perm=0,2,3,1   # turn\n"
      "%12 f32 24 = Reshape(%11)   # flat\n"
      "%13 f32 24 = Binary(%12, %12) add   # twice\n"
      "%14 f32 48 = Concat(%13, %13) axis=0   # join\n"
      "%15 f32 48 = Softmax(%14) axis=0   # soft\n"
      "%16 s32 48 = Cast(%15) to=s32\n"
      "output %16   # :0\n");
}

TEST(Print, IntegerDialect) {
  Graph g;
  const ValueId x = add_input(g, "images", DType::u8, {1, 4, 4, 4});
  const ValueId r = add_input(g, "skip", DType::u8, {1, 14, 4, 4});
  g.value(x).quant = Quant{0.5f, 128};
  const ValueId w = g.add_constant("w", Tensor(DType::s8, {14, 4, 1, 1}));
  QConv conv;
  conv.acc_bias.assign(14, -3);
  conv.multiplier.assign(14, 0.25f);
  conv.bias.assign(14, 1);
  conv.activation = Activation::silu;
  conv.residual = true;
  conv.lookup.resize(2);
  conv.lookup[0] = Lookup256{{0.1f, 3}, {}};
  conv.lookup[0]->table.fill(2);
  add_node(g, "conv", conv, {x, w, r}, {{DType::u8, {}}, {DType::f32, {}}});
  const ValueId planes = g.nodes.back().outputs[1], bytes = g.nodes.back().outputs[0];
  g.value(bytes).quant = Quant{0.2f, 0};
  const ValueId boxes = add_node(g, "head", Decode{{{8, {{10, 13}, {16.5f, 30}}}}, 2, true}, {planes});
  const ValueId folded = add_node(g, "s2d", SpaceToDepth{2, 2, 128}, {x});
  g.outputs = {boxes, folded};
  EXPECT_EQ(print(g),
            "input %0 u8(0.5, 128) 1x4x4x4   # images\n"
            "input %1 u8 1x14x4x4   # skip\n"
            "%3 u8(0.2, 0) 1x14x4x4, %4 f32 1x14x4x4 = QConv(%0, %w[14x4x1x1], %1) kernel=1x1 strides=1x1 pads=0,0,0,0"
            " acc_bias=sum(-42) multiplier=sum(3.5) bias=sum(14) activation=silu residual"
            " lookup=(0.1, 3)sum(512) lookup=none   # conv\n"
            "%5 f32 1x32x7 = Decode(%4) classes=2 sigmoid_done=yes level=8:10x13,16.5x30   # head\n"
            "%6 u8 1x16x2x2 = SpaceToDepth(%0) block=2x2 fill=128   # s2d\n"
            "output %5   # head:0\n"
            "output %6   # s2d:0\n");
}

}  // namespace
}  // namespace sparsec
