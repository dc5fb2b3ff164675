#include "compiler/ir/print.h"
#include "compiler/passes/raw_heads.h"
#include "tests/passes/quantised_graphs.h"

namespace sparsec::passes {
namespace {

const Quant kPixels{1.0f / 255, 0}, kLevel{0.05f, 128};

// Three raw heads of a 64 x 96 picture, 3 anchors and 3 classes, as they are after fuse_epilogues where every operator
// is quantised; with a sigmoid somewhere if asked for.
enum class Sigmoid : uint8_t { nowhere, last, behind_convolution, behind_its_quantiser };
Graph raw_heads(Sigmoid sigmoid) {
  QuantisedGraph b;
  ValueId x = b.fake_quantise(b.input(DType::f32, {1, 3, 64, 96}), kPixels);
  std::vector<ValueId> outputs;
  for (int64_t rows = 8, cols = 12; rows > 1; rows /= 2, cols /= 2) {
    const int64_t k = rows == 8 ? 8 : 2;
    const ValueId conv = b.conv(x, 24, k);
    Node& node = b.g.nodes.back();
    std::get<Conv>(node.op).window = {{k, k}, {k, k}, {1, 1}, {0, 0, 0, 0}};
    b.g.value(conv).shape = {1, 24, rows, cols};
    ValueId v = sigmoid == Sigmoid::behind_convolution ? b.fake_quantise(b.unary(UnaryKind::sigmoid, conv), kPixels)
                                                       : b.fake_quantise(conv, kLevel);
    x = v;
    if (sigmoid == Sigmoid::behind_its_quantiser) v = b.fake_quantise(b.unary(UnaryKind::sigmoid, v), kPixels);
    v = append(b.g, b.fresh("split"), Reshape{}, {v}, TypeAndShape{DType::f32, {1, 3, 8, rows, cols}});
    v = b.fake_quantise(v, kLevel);
    v = b.fake_quantise(append(b.g, b.fresh("turn"), Transpose{{0, 1, 3, 4, 2}}, {v}), kLevel);
    if (sigmoid == Sigmoid::last) v = b.fake_quantise(b.unary(UnaryKind::sigmoid, v), kPixels);
    outputs.push_back(v);
  }
  return fused(b.build(outputs));
}

TEST(RaiseDequantisers, MakesRawHeadsKnown) {
  const Graph before = raw_heads(Sigmoid::nowhere);
  EXPECT_FALSE(detect_raw_heads(before, {}));
  const Graph after = raise_dequantisers(before);
  verify(after, Stage::fused, "raise_dequantisers");
  const auto heads = detect_raw_heads(after, {});
  ASSERT_TRUE(heads);
  EXPECT_EQ(heads->decode.classes, 3);
  for (const ValueId level : heads->levels) {
    EXPECT_EQ(after.value(level).type, DType::f32);
    EXPECT_EQ(after.value(level).shape[1], 24);
  }
  const std::vector<TensorPtr> inputs = random_inputs(before);
  const auto want = oracle::run(before, inputs), got = oracle::run(after, inputs);
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(after.value(after.outputs[k]).name, before.value(before.outputs[k]).name);
    EXPECT_EQ(got.at(after.outputs[k])->bytes, want.at(before.outputs[k])->bytes);
  }
}

// Then the level holds probabilities, and to decode them as logits would be wrong.
TEST(RaiseDequantisers, LeavesProbabilities) {
  for (const Sigmoid sigmoid : {Sigmoid::last, Sigmoid::behind_convolution, Sigmoid::behind_its_quantiser}) {
    const Graph before = raw_heads(sigmoid);
    const Graph after = raise_dequantisers(before);
    EXPECT_EQ(print(after), print(before)) << int(sigmoid);
    EXPECT_FALSE(detect_raw_heads(after, {})) << int(sigmoid);
  }
}

}  // namespace
}  // namespace sparsec::passes
