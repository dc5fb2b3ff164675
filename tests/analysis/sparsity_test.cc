// The counts against loops written another way, and the table against a golden text.
#include "compiler/analysis/sparsity.h"

#include <gtest/gtest.h>

#include <random>

namespace sparsec {
namespace {

// Random s8 weights in which about `zeros` of the blocks and some single weights are zero.
Tensor random_weights(const Shape& shape, double zeros, uint32_t seed) {
  std::mt19937 random(seed);
  Tensor w(DType::s8, shape);
  const int64_t plane = shape[2] * shape[3];
  for (int64_t o = 0; o < shape[0]; ++o) {
    for (int64_t tap = 0; tap < plane; ++tap) {
      bool drop = false;
      for (int64_t c = 0; c < shape[1]; ++c) {
        if (c % 4 == 0) drop = double(random() % 1000) < 1000 * zeros;
        const int64_t value = int64_t(random() % 7) - 3;  // one in seven is zero by itself
        w.data<int8_t>()[size_t((o * shape[1] + c) * plane + tap)] = drop ? int8_t(0) : int8_t(value);
      }
    }
  }
  return w;
}

// Is any of the weights [4 * block, 4 * block + 4) of this tap and output channel not zero?
bool block_has_weight(const Tensor& w, int64_t o, int64_t tap, int64_t block) {
  const int64_t channels = w.shape[1], plane = w.shape[2] * w.shape[3];
  const std::vector<int64_t> values = w.as_ints();
  for (int64_t c = 0; c < channels; ++c) {
    if (c / 4 == block && values[size_t(o * channels * plane + c * plane + tap)] != 0) return true;
  }
  return false;
}

class Counts : public testing::TestWithParam<Shape> {};

TEST_P(Counts, AgreeWithAnIndependentLoop) {
  const Shape shape = GetParam();
  const Tensor w = random_weights(shape, 0.6, 7);
  const WeightCounts counts = count_weights(w);
  const BlockMap map = map_blocks(w);

  int64_t zeros = 0;
  for (int64_t v : w.as_ints()) zeros += v == 0;
  EXPECT_EQ(counts.weights, w.size());
  EXPECT_EQ(counts.zero_weights, zeros);

  const int64_t taps = shape[2] * shape[3], per_tap = (shape[1] + 3) / 4;
  ASSERT_EQ(map.rows, shape[0]);
  ASSERT_EQ(map.columns, taps * per_tap);
  int64_t zero_blocks = 0, inside = 0;
  for (int64_t o = 0; o < shape[0]; ++o) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t block = 0; block < per_tap; ++block) {
        const bool has = block_has_weight(w, o, tap, block);
        EXPECT_EQ(map.at(o, tap * per_tap + block), has);
        zero_blocks += !has;
        inside += has ? std::min<int64_t>(4, shape[1] - 4 * block) : 0;
      }
    }
  }
  EXPECT_EQ(counts.blocks, shape[0] * taps * per_tap);
  EXPECT_EQ(counts.zero_blocks, zero_blocks);
  EXPECT_EQ(counts.weights_in_blocks, inside);
  EXPECT_GT(zero_blocks, 0);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Counts,
                         testing::Values(Shape{8, 16, 3, 3}, Shape{5, 3, 6, 6}, Shape{7, 13, 1, 1}, Shape{1, 4, 5, 3}));

TEST(Counts, FloatAndMinusZero) {
  const Tensor w = Tensor::of<float>({1, 8, 1, 1}, {0.0f, -0.0f, 0.0f, 0.0f, 0.0f, 1e-30f, 0.0f, 0.0f});
  const WeightCounts counts = count_weights(w);
  EXPECT_EQ(counts.zero_weights, 7);
  EXPECT_EQ(counts.zero_blocks, 1);
}

// An int8 3x3 convolution of stride 2 and a float 1x1 one on top of it.
Graph two_convolutions() {
  Graph g;
  const ValueId x =
      g.add_value({.name = "x", .type = DType::u8, .shape = {1, 8, 16, 16}, .constant = {}, .quant = Quant{0.1f, 3}});
  const ValueId w = g.add_constant("w", random_weights({4, 8, 3, 3}, 0.5, 3));
  const ValueId y = g.add_value({.name = "y", .type = DType::f32, .shape = {1, 4, 8, 8}, .constant = {}, .quant = {}});
  const ValueId v = g.add_constant("v", Tensor::of<float>({2, 4, 1, 1}, {0, 0, 0, 0, 1, 0, 2, 3}));
  const ValueId z = g.add_value({.name = "z", .type = DType::f32, .shape = {1, 2, 8, 8}, .constant = {}, .quant = {}});
  QConv down;
  down.window = {.kernel = {3, 3}, .strides = {2, 2}, .dilations = {1, 1}, .pads = {1, 1, 1, 1}};
  down.acc_bias.resize(4);
  down.multiplier.assign(4, 1.0f);
  down.bias.resize(4);
  down.lookup.resize(1);
  FConv point;
  point.bias.resize(2);
  g.nodes.push_back({"/model.0/conv/Conv", down, {x, w}, {y}});
  g.nodes.push_back({"/model.1/conv/Conv", point, {y, v}, {z}});
  g.inputs = {x};
  g.outputs = {z};
  return g;
}

TEST(Report, MacsPerLayerAndTotals) {
  const SparsityReport report = analyse_sparsity(two_convolutions());
  ASSERT_EQ(report.layers.size(), 2u);
  const LayerReport &down = report.layers[0], &point = report.layers[1];
  EXPECT_TRUE(down.integer);
  EXPECT_FALSE(point.integer);
  EXPECT_EQ(down.macs, 4 * 8 * 3 * 3 * 8 * 8);
  EXPECT_EQ(down.macs_nonzero, (down.counts.weights - down.counts.zero_weights) * 64);
  EXPECT_EQ(down.macs_blocks, 4 * (down.counts.blocks - down.counts.zero_blocks) * 64);  // 8 channels: no partial block
  EXPECT_EQ(point.macs_nonzero, 3 * 64);
  EXPECT_EQ(point.macs_blocks, 4 * 64);
  EXPECT_EQ(report.total.macs, down.macs + point.macs);
  EXPECT_EQ(report.total.counts.zero_blocks, down.counts.zero_blocks + point.counts.zero_blocks);
  EXPECT_EQ(report.total.counts.blocks, down.counts.blocks + 2);
}

KernelChoice choose(const Graph&, const Node& node, const WeightCounts& counts) {
  if (std::holds_alternative<FConv>(node.op)) return {"float", 0.0125, "", {}};
  return {"sparse_unrolled",
          0.25,
          "zero blocks emit nothing",
          {{"sparse_unrolled", 0.25}, {"dense_loop", counts.blocks ? 0.5 : 0}}};
}

TEST(Report, ChoicesMadeLater) {
  SparsityReport report = analyse_sparsity(two_convolutions(), choose);
  set_choices(report, {{"/model.1/conv/Conv", {"stream", 2.0, "wide", {}}}, {"/elsewhere/Conv", {"x", 9.0, "", {}}}});
  EXPECT_EQ(report.layers[0].choice.kernel, "sparse_unrolled");
  EXPECT_EQ(report.layers[1].choice.kernel, "stream");
  EXPECT_DOUBLE_EQ(report.total.choice.predicted_ms, 2.25);
}

TEST(Report, TableGolden) {
  EXPECT_EQ(
      print_table(analyse_sparsity(two_convolutions(), choose)),
      R"(layer                     type    input  output  kernel  weights  zeros  zero blocks  blocks left  MMACs  non-zero MMACs  block MMACs     ms  chosen
/model.0/conv/Conv        int8  8x16x16   4x8x8   3x3/2      288  61.8%        52.8%           34   0.02            0.01         0.01  0.250  sparse_unrolled
/model.1/conv/Conv       float    4x8x8   2x8x8   1x1/1        8  62.5%        50.0%            1   0.00            0.00         0.00  0.013  float
total of 2 convolutions                                      296  61.8%        52.7%           35   0.02            0.01         0.01  0.263

why each kernel (candidates with predicted time on one core):
/model.0/conv/Conv: sparse_unrolled: zero blocks emit nothing; sparse_unrolled 0.250 ms; dense_loop 0.500 ms
)");
}

}  // namespace
}  // namespace sparsec
