#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

ValueId batchnorm(GraphBuilder& b, ValueId x, double lowest_gamma = -2) {
  const int64_t c = b.graph().value(x).shape[1];
  return b.op(BatchNorm{1e-3f},
              {x, b.random({c}, lowest_gamma, 2), b.random({c}), b.random({c}), b.random({c}, 0.1, 2)});
}

TEST(FoldBatchnorm, FloatConvolution) {
  GraphBuilder b;
  const Graph before = b.build({batchnorm(b, b.conv(b.input({1, 2, 5, 5}), 6, 3, 1, 1))});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after);
}

TEST(FoldBatchnorm, ConvolutionWithoutBias) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 5, 5});
  const Graph before = b.build({batchnorm(b, b.op(Conv{}, {x, b.random({4, 2, 1, 1})}))});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after);
}

TEST(FoldBatchnorm, MulSubDivAddByConstantsPerChannel) {
  GraphBuilder b;
  ValueId v = b.conv(b.input({1, 2, 5, 5}), 6, 3);
  v = b.binary(BinaryKind::mul, b.random({6, 1, 1}), v);
  v = b.binary(BinaryKind::sub, v, b.random({1, 6, 1, 1}));
  v = b.binary(BinaryKind::div, v, b.random({6, 1, 1}, 1, 2));
  v = b.binary(BinaryKind::sub, b.scalar(3), v);
  v = b.binary(BinaryKind::add, v, b.scalar(0.5f));
  const Graph before = b.build({v});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after);
}

TEST(FoldBatchnorm, ConvIntegerAsImported) {
  GraphBuilder b;
  const ValueId x = b.dequantize(b.input({1, 4, 5, 5}, DType::u8), 1, 57);
  const ValueId w = b.dequantize(b.random<int8_t>({6, 4, 3, 3}, -127, 128), 1, 0);
  ValueId v = b.op(Conv{b.window(3, 2, 1)}, {x, w});
  v = b.binary(BinaryKind::mul, v, b.random({6, 1, 1}, 0.001, 0.002));
  v = b.binary(BinaryKind::add, v, b.random({6, 1, 1}));
  const Graph before = b.build({v});
  const Graph after = fold_batchnorm(before);
  ASSERT_EQ(after.nodes.size(), 3u) << print(after);  // two Dequantize and the Conv
  const Node& conv = first<Conv>(after);
  ASSERT_EQ(conv.inputs.size(), 3u);
  EXPECT_EQ(after.value(conv.inputs[2]).shape, (Shape{6}));
  EXPECT_TRUE(after.value(conv.inputs[2]).constant);
  const Links links(after);
  const Node* weights = produced_by<Dequantize>(after, links, conv.inputs[1]);
  ASSERT_TRUE(weights);
  EXPECT_EQ(as<Dequantize>(*weights)->q.scale.size(), 6u);
  EXPECT_EQ(after.value(weights->inputs[0]).constant->type, DType::s8);
  expect_same(before, after);
}

TEST(FoldBatchnorm, QuantisedWeightsAndBias) {
  GraphBuilder b;
  const ValueId x = b.dequantize(b.input({1, 4, 5, 5}, DType::u8), 0.02f, 57);
  const ValueId integers = b.random<int8_t>({3, 4, 1, 1}, -127, 128);
  const ValueId w = b.op(Dequantize{{{0.1f, 0.2f, 0.3f}, {0, 0, 0}, 0}}, {integers});
  const ValueId bias = b.dequantize(b.random<int32_t>({3}, -1000, 1000), 0.001f, 0);
  const ValueId conv = b.op(Conv{}, {x, w, bias});
  // A negative, a zero and a positive scale: the first turns the integers' signs, the second silences its channel.
  const ValueId scaled = b.binary(BinaryKind::mul, conv, b.constant<float>({3, 1, 1}, {-1.5f, 0, 2}));
  const Graph before = b.build({batchnorm(b, scaled, 0.5)});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(after.nodes.size(), 3u) << print(after);
  expect_same(before, after);
}

TEST(FoldBatchnorm, IntegersThatCannotChangeSignStay) {
  GraphBuilder b;
  const ValueId x = b.input({1, 1, 2, 2});
  const ValueId w = b.dequantize(b.constant<int8_t>({1, 1, 1, 1}, {-128}), 0.1f, 0);
  const Graph before = b.build({b.binary(BinaryKind::mul, b.op(Conv{}, {x, w}), b.scalar(-1))});
  EXPECT_EQ(print(fold_batchnorm(before)), print(before));
}

TEST(FoldBatchnorm, SharedWeightsAreNotScaledTwice) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 5, 5}), w = b.random({4, 2, 1, 1});
  const Graph before = b.build({batchnorm(b, b.op(Conv{}, {x, w})), batchnorm(b, b.op(Conv{}, {x, w}))});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(after.nodes.size(), 2u);
  expect_same(before, after);
}

TEST(FoldBatchnorm, AConvolutionReadTwiceKeepsItsValue) {
  GraphBuilder b;
  const ValueId conv = b.conv(b.input({1, 2, 5, 5}), 4);
  const Graph before = b.build({batchnorm(b, conv), b.unary(UnaryKind::relu, conv)});
  const Graph after = fold_batchnorm(before);
  EXPECT_EQ(count<BatchNorm>(after), 0u);  // Mul and Add
  EXPECT_EQ(count<Binary>(after), 2u);
  expect_same(before, after);
}

TEST(FoldBatchnorm, NamesTheNodeWhoseParametersAreNotConstant) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 3, 3}), gamma = b.input({2});
  const ValueId c = b.random({2}, 1, 2);
  const Graph graph = b.build({b.op(BatchNorm{}, {x, gamma, c, c, c})});
  try {
    fold_batchnorm(graph);
    FAIL() << "no error";
  } catch (const CompileError& e) {
    EXPECT_NE(std::string(e.what()).find("test.onnx: node n0 (BatchNorm"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace sparsec::passes
