#include <functional>

#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

using Make = std::function<ValueId(GraphBuilder&, ValueId)>;

void expect_becomes(UnaryKind kind, const Make& make) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 3, 3});
  const ValueId v = make(b, b.binary(BinaryKind::mul, x, b.scalar(8)));
  const Graph before = b.build({v});
  const Graph after = recognise_activations(before);
  ASSERT_EQ(after.nodes.size(), 2u) << print(after);
  EXPECT_EQ(std::get<Unary>(after.nodes[1].op).kind, kind);
  expect_same(before, after, 1e-6);
}

ValueId clipped(GraphBuilder& b, ValueId x) {
  return b.unary(UnaryKind::clip, b.binary(BinaryKind::add, x, b.scalar(3)), 0, 6);
}

TEST(RecogniseActivations, Silu) {
  expect_becomes(UnaryKind::silu, [](GraphBuilder& b, ValueId x) {
    return b.binary(BinaryKind::mul, x, b.unary(UnaryKind::sigmoid, x));
  });
  expect_becomes(UnaryKind::silu, [](GraphBuilder& b, ValueId x) {
    return b.binary(BinaryKind::mul, b.unary(UnaryKind::sigmoid, x), x);
  });
}

TEST(RecogniseActivations, HardSwishInEverySpelling) {
  const float sixth = 1.0f / 6;
  expect_becomes(UnaryKind::hard_swish, [=](GraphBuilder& b, ValueId x) {
    return b.binary(BinaryKind::mul, x, b.unary(UnaryKind::hard_sigmoid, x, sixth, 0.5f));
  });
  expect_becomes(UnaryKind::hard_swish, [](GraphBuilder& b, ValueId x) {
    return b.binary(BinaryKind::mul, x, b.binary(BinaryKind::div, clipped(b, x), b.scalar(6)));
  });
  expect_becomes(UnaryKind::hard_swish, [=](GraphBuilder& b, ValueId x) {
    return b.binary(BinaryKind::mul, b.binary(BinaryKind::mul, x, clipped(b, x)), b.scalar(sixth));
  });
}

TEST(RecogniseActivations, OnlyOfTheSameArgument) {
  GraphBuilder b;
  const ValueId x = b.input({4}), y = b.input({4});
  const ValueId v = b.binary(BinaryKind::mul, x, b.unary(UnaryKind::sigmoid, y));
  const ValueId w = b.binary(BinaryKind::mul, v, b.unary(UnaryKind::hard_sigmoid, v, 0.2f, 0.5f));
  const Graph before = b.build({w});
  EXPECT_EQ(print(recognise_activations(before)), print(before));
}

}  // namespace
}  // namespace sparsec::passes
