#include <tuple>

#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

// Picture i of every input through the split graph gives picture i of every output of the whole one.
void expect_pictures_apart(const Graph& whole, const Graph& one) {
  ASSERT_NO_THROW(verify(one, Stage::imported, "split_batch")) << print(one);
  const int64_t n = one.meta.batch;
  const auto picture = [n](const Tensor& t, int64_t i) {
    Shape shape = t.shape;
    shape[0] = 1;
    Tensor slice(t.type, shape);
    std::memcpy(slice.bytes.data(), t.bytes.data() + size_t(i) * (t.bytes.size() / size_t(n)), slice.bytes.size());
    return slice;
  };
  const auto inputs = random_inputs(whole);
  const auto expected = outputs_of(whole, inputs);
  for (int64_t i = 0; i < n; ++i) {
    std::vector<TensorPtr> single;
    for (const TensorPtr& t : inputs) single.push_back(share(picture(*t, i)));
    const auto actual = outputs_of(one, single);
    for (size_t k = 0; k < expected.size(); ++k) {
      EXPECT_EQ(worst_difference(picture(*expected[k], i), *actual[k]), 0) << print(one);
    }
  }
}

TEST(SplitBatch, EveryOperatorThatKeepsPicturesApart) {
  GraphBuilder b;
  const ValueId x = b.input({3, 2, 4, 4});
  ValueId v = b.conv(x, 4, 3, 1, 1);
  v = b.unary(UnaryKind::silu, v);
  v = b.op(MaxPool{b.window(3, 1, 1)}, {v});
  v = b.op(Resize{{0, 0, 1, 1, 2, 2, 3, 3}, {0, 0, 1, 1, 2, 2, 3, 3}}, {v});
  v = b.op(SpaceToDepth{2, 2}, {v});
  v = b.op(Concat{1}, {v, x});
  v = b.op(Slice{{0, 1, 0, 0}, {1, 2, 1, 1}, {3, 8, 4, 4}}, {v});
  v = b.op(Pad{{0, 0, 1, 1}, {0, 0, 1, 1}, 0.5f}, {v});
  v = b.fake_quantize(v, 0.1f, 100);
  v = b.reshape(v, {3, 2, 4, 36});
  v = b.op(Transpose{{0, 2, 3, 1}}, {v});
  v = b.op(Softmax{2}, {v});
  v = b.binary(BinaryKind::mul, v, b.random({4, 1, 2}));
  v = b.binary(BinaryKind::add, v, b.random({1, 4, 36, 1}));
  const Graph whole = b.build({v});
  const Graph one = split_batch(whole);
  EXPECT_EQ(one.meta.batch, 3);
  EXPECT_EQ(one.value(one.inputs[0]).shape, (Shape{1, 2, 4, 4}));
  expect_pictures_apart(whole, one);
}

TEST(SplitBatch, EqualSlicesOfAConstantBecomeOne) {
  GraphBuilder b;
  const ValueId x = b.input({2, 1, 1, 2});
  const ValueId grid = b.constant<float>({2, 1, 1, 2}, {1, 2, 1, 2});
  const ValueId v = b.op(Concat{1}, {b.binary(BinaryKind::add, x, grid), grid});
  const Graph whole = b.build({v});
  const Graph one = split_batch(whole);
  EXPECT_EQ(one.meta.batch, 2);
  expect_pictures_apart(whole, one);
}

TEST(SplitBatch, GivesUpWherePicturesMeet) {
  using Make = std::function<ValueId(GraphBuilder&, ValueId)>;
  const std::vector<std::pair<const char*, Make>> cases{
      {"transpose", [](GraphBuilder& b, ValueId x) { return b.op(Transpose{{1, 0, 2, 3}}, {x}); }},
      {"slice", [](GraphBuilder& b, ValueId x) { return b.op(Slice{{1, 0, 0, 0}, {-1, 1, 1, 1}, {2, 2, 2, 2}}, {x}); }},
      {"softmax", [](GraphBuilder& b, ValueId x) { return b.op(Softmax{0}, {x}); }},
      {"concat",
       [](GraphBuilder& b, ValueId x) {
         const ValueId both = b.op(Concat{0}, {x, x});
         return b.op(Slice{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}}, {both});
       }},
      {"reshape", [](GraphBuilder& b, ValueId x) { return b.reshape(b.reshape(x, {4, 4}), {2, 2, 2, 2}); }},
      {"constant", [](GraphBuilder& b, ValueId x) { return b.binary(BinaryKind::add, x, b.random({2, 1, 1, 1})); }},
      {"broadcast",
       [](GraphBuilder& b, ValueId x) {
         return b.reshape(b.binary(BinaryKind::add, b.reshape(x, {2, 8}), b.reshape(x, {2, 1, 8})), {2, 16});
       }},
  };
  for (const auto& [name, make] : cases) {
    GraphBuilder b;
    const ValueId x = b.input({2, 2, 2, 2});
    const ValueId v = make(b, x);
    const Graph graph = b.build({v});
    const Graph after = split_batch(graph);
    EXPECT_EQ(print(after), print(graph)) << name;
    EXPECT_EQ(after.meta.batch, 1) << name;
  }
}

TEST(SplitBatch, LeavesOnePictureAlone) {
  GraphBuilder b;
  const Graph graph = b.build({b.conv(b.input({1, 2, 4, 4}), 3)});
  EXPECT_EQ(print(split_batch(graph)), print(graph));
}

}  // namespace
}  // namespace sparsec::passes
