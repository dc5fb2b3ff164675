// fuse_epilogues: what follows a convolution becomes part of it, in the formula's order, and nothing else does.
#include "compiler/ir/print.h"
#include "tests/passes/quantised_graphs.h"

namespace sparsec::passes {
namespace {

const Quant kA{0.02f, 3}, kB{0.05f, 17}, kC{0.011f, 120};
// Coarser than kB: a table from kB to one of these turns one step into at most one.
const Quant kCoarse{0.08f, 30}, kCoarser{0.1f, 12};

TEST(FuseEpilogues, ActivationAndQuantiser) {
  for (const UnaryKind kind :
       {UnaryKind::silu, UnaryKind::relu, UnaryKind::leaky_relu, UnaryKind::hard_swish, UnaryKind::sigmoid}) {
    QuantisedGraph b;
    const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 7}), kA);
    const Graph real = b.build({b.quantise(b.unary(kind, b.conv(x, 12, 3, kA.scale), 0.1f), kB)});
    const Graph made = fused(real);
    ASSERT_EQ(made.nodes.size(), 1u) << print(made);
    EXPECT_NE(std::get<QConv>(made.nodes[0].op).activation, Activation::none);
    EXPECT_EQ(made.value(made.outputs[0]).quant, kB);
    expect_same_meaning(real, made);
  }
}

TEST(FuseEpilogues, ResidualOnEitherSideAndThroughAJoin) {
  for (const bool first : {true, false}) {
    QuantisedGraph b;  // a CSP block as the -in graphs have it
    const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
    const ValueId skip = b.fake_quantise(b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale)), kC);
    const ValueId inner = b.unary(UnaryKind::silu, b.conv(skip, 8, 3, kC.scale));
    const ValueId sum = first ? b.binary(BinaryKind::add, skip, inner) : b.binary(BinaryKind::add, inner, skip);
    const ValueId other = b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale));
    const Graph real = b.build({b.quantise(b.concat({sum, other}), kB)});
    const Graph made = fused(real);
    EXPECT_EQ(made.nodes.size(), 4u) << print(made);
    EXPECT_EQ(count<QConv>(made), 3);
    int residuals = 0;
    for (const Node& node : made.nodes) {
      const QConv* op = as<QConv>(node);
      if (!op || !op->residual) continue;
      ++residuals;
      ASSERT_EQ(node.inputs.size(), 3u);
      EXPECT_EQ(node.inputs[0], node.inputs[2]);  // the skip is what the convolution reads
      EXPECT_EQ(op->activation, Activation::silu);
    }
    EXPECT_EQ(residuals, 1);
    expect_same_meaning(real, made);
  }
}

TEST(FuseEpilogues, TwoQuantisersAreTwoOutputs) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId y = b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale));
  const ValueId near = b.fake_quantise(b.twice(y), kB);
  const ValueId last = b.conv(near, 4, 1, kB.scale);
  const Graph real = b.build({last, b.quantise(b.concat({y, y}), kC)});
  const Graph made = fused(real);
  EXPECT_EQ(count<Quantize>(made), 0) << print(made);
  EXPECT_EQ(made.nodes.size(), 4u) << print(made);
  EXPECT_EQ(made.nodes[0].outputs.size(), 2u);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, TablesJoinTheEpilogue) {
  QuantisedGraph b;  // -all: convolution, quantise, silu, quantise
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId y = b.fake_quantise(b.conv(x, 8, 1, kA.scale), kB);
  const ValueId s = b.fake_quantise(b.unary(UnaryKind::silu, y), kCoarse);
  const Graph real = b.build({b.quantise(s, kCoarse), b.quantise(b.concat({s, s}), kCoarser)});
  const Graph made = fused(real);
  ASSERT_EQ(made.nodes.size(), 2u) << print(made);
  const QConv& op = std::get<QConv>(made.nodes[0].op);
  ASSERT_EQ(op.lookup.size(), 2u);
  EXPECT_EQ(op.lookup[0]->before, kB);
  EXPECT_EQ(op.lookup[1]->before, kB);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, AQuantisedValueThatOthersReadStays) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId q = b.quantise(b.conv(x, 8, 1, kA.scale), kB), y = b.dequantise(q, kB);
  const Graph real = b.build({q, b.quantise(b.unary(UnaryKind::silu, y), kCoarse)});
  const Graph made = fused(real);
  ASSERT_EQ(made.nodes.size(), 1u) << print(made);
  EXPECT_FALSE(std::get<QConv>(made.nodes[0].op).lookup[0]);
  EXPECT_TRUE(std::get<QConv>(made.nodes[0].op).lookup[1]);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, FloatReadersKeepAFloatOutput) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId y = b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale));
  const Graph real = b.build({b.quantise(y, kB), y});
  const Graph made = fused(real);
  ASSERT_EQ(made.nodes.size(), 1u) << print(made);
  EXPECT_EQ(made.value(made.outputs[0]).type, DType::u8);
  EXPECT_EQ(made.value(made.outputs[1]).type, DType::f32);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, NothingIsFusedPastAValueInUse) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId y = b.conv(x, 8, 1, kA.scale);
  const Graph real = b.build({y, b.quantise(b.unary(UnaryKind::silu, y), kB)});
  const Graph made = fused(real);
  EXPECT_EQ(count<Unary>(made), 1);
  EXPECT_EQ(std::get<QConv>(the_only<QConv>(made).op).activation, Activation::none);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, ActivationAfterTheAddIsNotTakenForOneBefore) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId sum = b.binary(BinaryKind::add, b.conv(x, 8, 1, kA.scale), x);
  const Graph real = b.build({b.unary(UnaryKind::relu, sum)});
  const Graph made = fused(real);
  EXPECT_EQ(count<Unary>(made), 1);
  const QConv& op = std::get<QConv>(the_only<QConv>(made).op);
  EXPECT_TRUE(op.residual);
  EXPECT_EQ(op.activation, Activation::none);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, ClampsBetweenConvolutionAndQuantiserAreTables) {
  QuantisedGraph b;  // ReLU6, and ReLU after a residual add
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId clipped = append(b.g, "clip", Unary{UnaryKind::clip, 0, 6}, {b.conv(x, 8, 1, kA.scale)});
  const ValueId sum = b.binary(BinaryKind::add, b.conv(x, 8, 3, kA.scale), x);
  const ValueId both = b.binary(BinaryKind::add, b.fake_quantise(clipped, kB), x);
  const Graph real =
      b.build({b.quantise(b.unary(UnaryKind::relu, sum), kB), b.quantise(b.unary(UnaryKind::relu, both), kB)});
  const Graph made = fused(real);
  EXPECT_EQ(count<QConv>(made), 2) << print(made);
  EXPECT_EQ(count<QBinary>(made), 1);
  EXPECT_EQ(made.nodes.size(), 4u) << print(made);  // and the relu of the second sum
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, ScaleAndShiftPerChannel) {
  QuantisedGraph b;  // ConvInteger's output scale and bias
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 6, 6}), kA);
  const ValueId scaled = b.binary(BinaryKind::mul, b.conv(x, 4, 3), b.real_constant({4, 1, 1}, 0.1f, 2));
  const ValueId shifted = b.binary(BinaryKind::add, scaled, b.real_constant({1, 4, 1, 1}, -1, 1));
  const Graph real = b.build({b.quantise(b.unary(UnaryKind::silu, shifted), kB)});
  const Graph made = fused(real);
  ASSERT_EQ(made.nodes.size(), 1u) << print(made);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, FloatConvolutions) {
  QuantisedGraph b;
  const ValueId x = b.input(DType::f32, {1, 4, 5, 5});
  const ValueId a = b.unary(UnaryKind::silu, append(b.g, "a", Conv{}, {x, b.real_constant({4, 4, 1, 1}, -1, 1)}));
  const ValueId c = b.unary(UnaryKind::silu, append(b.g, "c", Conv{}, {a, b.real_constant({4, 4, 1, 1}, -1, 1)}));
  const Graph real = b.build({b.binary(BinaryKind::add, a, c)});
  const Graph made = fused(real);
  ASSERT_EQ(made.nodes.size(), 2u) << print(made);
  EXPECT_TRUE(std::get<FConv>(made.nodes[1].op).residual);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, ABatchNormOfItsOwn) {
  QuantisedGraph b;
  const ValueId x = b.input(DType::f32, {1, 4, 5, 5});
  const Graph real = b.build({append(b.g, "norm", BatchNorm{},
                                     {x, b.real_constant({4}, 0.5f, 2), b.real_constant({4}, -1, 1),
                                      b.real_constant({4}, -1, 1), b.real_constant({4}, 0.1f, 2)})});
  const Graph made = fused(real);
  EXPECT_EQ(count<BatchNorm>(made), 0);
  expect_same_meaning(real, made);
}

TEST(FuseEpilogues, DecodeLeavesTheSigmoidToTheConvolutions) {
  for (const bool shared : {false, true}) {
    QuantisedGraph b;
    const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 4, 4}), kA);
    const ValueId l0 = b.conv(x, 2 * 7, 1, kA.scale), l1 = b.conv(x, 7, 1, kA.scale);
    Decode decode{{{8, {{10, 13}, {16, 30}}}, {16, {{30, 61}}}}, 2, false};
    std::vector<ValueId> outputs{append(b.g, "decode", decode, {l0, l1})};
    if (shared) outputs.push_back(l1);
    const Graph real = b.build(outputs);
    const Graph made = fused(real);
    EXPECT_EQ(std::get<Decode>(the_only<Decode>(made).op).sigmoid_done, !shared);
    for (const Node& node : made.nodes) {
      if (const QConv* op = as<QConv>(node)) {
        EXPECT_EQ(op->activation, shared ? Activation::none : Activation::sigmoid);
      }
    }
    const std::vector<TensorPtr> inputs = random_inputs(real);
    const Graph before = integerised(real);
    // a convolution's sigmoid is by table, to 5e-5; boxes are its square times four anchors
    const TensorPtr want = oracle::run(before, inputs).at(before.outputs[0]);
    const TensorPtr got = oracle::run(made, inputs).at(made.outputs[0]);
    for (size_t i = 0; i < size_t(want->size()); ++i)
      ASSERT_NEAR(got->data<float>()[i], want->data<float>()[i], 1e-4 + 1e-3 * std::fabs(want->data<float>()[i])) << i;
    if (shared) {
      EXPECT_EQ(want->bytes, got->bytes);
    }
    expect_same_meaning(real, made);
  }
}

}  // namespace
}  // namespace sparsec::passes
