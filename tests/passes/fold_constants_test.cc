#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

TEST(FoldConstants, EvaluatesWhatDependsOnConstantsOnly) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 3, 3});
  const ValueId c = b.binary(BinaryKind::add, b.unary(UnaryKind::exp, b.scalar(1)), b.random({1, 2, 1, 1}));
  const Graph before = b.build({b.binary(BinaryKind::mul, x, c)});
  const Graph after = fold_constants(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after, 0);
}

TEST(FoldConstants, KeepsDequantizeOfWeightsButFoldsTheirQuantize) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 4, 4});
  const ValueId w = b.dequantize(b.quantize(b.random({3, 2, 1, 1}), 0.01f, 0, DType::s8), 0.01f, 0);
  const Graph before = b.build({b.op(Conv{}, {x, w})});
  const Graph after = fold_constants(before);
  EXPECT_EQ(count<Quantize>(after), 0u);
  ASSERT_EQ(count<Dequantize>(after), 1u);
  const TensorPtr integers = after.value(first<Dequantize>(after).inputs[0]).constant;
  ASSERT_TRUE(integers);
  EXPECT_EQ(integers->type, DType::s8);
  expect_same(before, after, 0);
}

TEST(FoldConstants, FoldsDequantizeForReadersThatAreNoConvolution) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 4, 4});
  const ValueId w = b.dequantize(b.random<int8_t>({2, 2, 1, 1}, -100, 100), 0.01f, 0);
  const ValueId conv = b.op(Conv{}, {x, w});
  const Graph before = b.build({conv, b.binary(BinaryKind::add, x, b.reshape(w, {2, 2, 1, 1})), w});
  const Graph after = fold_constants(before);
  EXPECT_EQ(count<Dequantize>(after), 1u);  // for the convolution
  EXPECT_EQ(count<Reshape>(after), 0u);
  expect_same(before, after, 0);
}

TEST(FoldConstants, FoldsAConvolutionOfConstants) {
  GraphBuilder b;
  const ValueId x = b.input({1, 3, 2, 2});
  const ValueId w = b.dequantize(b.random<int8_t>({3, 2, 1, 1}, -100, 100), 0.01f, 0);
  const ValueId c = b.op(Conv{}, {b.random({1, 2, 2, 2}), w});
  const Graph before = b.build({b.binary(BinaryKind::add, x, c)});
  const Graph after = fold_constants(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after, 0);
}

TEST(FoldConstants, AGraphOutputMayBeConstant) {
  GraphBuilder b;
  const ValueId x = b.input({2});
  const Graph before = b.build({b.unary(UnaryKind::neg, x), b.unary(UnaryKind::neg, b.scalar(2))});
  const Graph after = fold_constants(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  expect_same(before, after, 0);
}

}  // namespace
}  // namespace sparsec::passes
