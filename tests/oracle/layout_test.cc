// Operators that move elements, max-pool, and the head, against values worked out by hand.
#include <gtest/gtest.h>

#include <numeric>

#include "compiler/oracle/numerics.h"
#include "tests/oracle/one_node.h"

namespace sparsec {
namespace {

using testing::f32;
using testing::u8;
using testing::values;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Bytes = std::vector<uint8_t>;

// 0, 1, 2, ... of any type.
template <typename T>
Tensor count(Shape shape) {
  Tensor t(dtype_of<T>(), std::move(shape));
  std::iota(t.data<T>().begin(), t.data<T>().end(), T(0));
  return t;
}

TEST(Layout, Concat) {
  EXPECT_EQ(values<uint8_t>(Concat{1}, {{u8({2, 1}, {1, 2})}, {u8({2, 2}, {3, 4, 5, 6})}}), (Bytes{1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(values<int64_t>(Concat{0}, {{count<int64_t>({2})}, {count<int64_t>({1})}}), (Ints{0, 1, 0}));
}

TEST(Layout, Slice) {
  EXPECT_EQ(values<int64_t>(Slice{{0, 1}, {1, 2}, {2, 2}}, {{count<int64_t>({2, 4})}}), (Ints{1, 3, 5, 7}));
  EXPECT_EQ(values<float>(Slice{{3}, {-1}, {4}}, {{count<float>({4})}}), (Floats{3, 2, 1, 0}));
  EXPECT_TRUE(values<float>(Slice{{0}, {1}, {0}}, {{count<float>({4})}}).empty());
}

TEST(Layout, ReshapeAndTranspose) {
  const auto y = testing::evaluate(Reshape{}, {{count<float>({2, 3})}}, {{DType::f32, {3, 2}}});
  EXPECT_EQ(y[0].shape, (Shape{3, 2}));
  EXPECT_EQ(values<float>(y[0]), (Floats{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values<uint8_t>(Transpose{{1, 0}}, {{count<uint8_t>({2, 3})}}), (Bytes{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(values<int64_t>(Transpose{{2, 0, 1}}, {{count<int64_t>({1, 2, 3})}}), (Ints{0, 3, 1, 4, 2, 5}));
}

TEST(Layout, Pad) {
  EXPECT_EQ(values<uint8_t>(Pad{{1, 0}, {0, 2}, 9}, {{u8({1, 2}, {1, 2})}}), (Bytes{9, 9, 9, 9, 1, 2, 9, 9}));
  EXPECT_EQ(values<float>(Pad{{1}, {1}, -0.5f}, {{f32({1}, {1})}}), (Floats{-0.5f, 1, -0.5f}));
  EXPECT_EQ(values<uint8_t>(Pad{{1}, {0}, 1e9f}, {{u8({1}, {1})}}), (Bytes{255, 1}));
}

TEST(Layout, Resize) {
  EXPECT_EQ(values<uint8_t>(Resize{{0, 0, 1}, {1, 0}}, {{count<uint8_t>({1, 2, 2, 2})}}),
            (Bytes{1, 0, 1, 0, 3, 2, 5, 4, 5, 4, 7, 6}));
}

TEST(Layout, SpaceToDepth) {
  // Two channels of 2x4: phases (0,0), (0,1), (1,0), (1,1), each with both channels.
  EXPECT_EQ(values<float>(SpaceToDepth{2, 2}, {{count<float>({1, 2, 2, 4})}}),
            (Floats{0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15}));
  // 3x3 leaves pixels missing; they hold the fill.
  EXPECT_EQ(values<uint8_t>(SpaceToDepth{2, 2, 77}, {{count<uint8_t>({1, 1, 3, 3})}}),
            (Bytes{0, 2, 6, 8, 1, 77, 7, 77, 3, 5, 77, 77, 4, 77, 77, 77}));
  EXPECT_EQ(values<uint8_t>(SpaceToDepth{1, 2, 77}, {{count<uint8_t>({1, 1, 1, 1})}}), (Bytes{0, 77}));
}

TEST(MaxPool, PaddingNeverWins) {
  const Window w{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  EXPECT_EQ(values<float>(MaxPool{w}, {{f32({1, 1, 2, 2}, {-1, -2, -3, -4})}}), (Floats{-1, -1, -1, -1}));
  EXPECT_EQ(values<uint8_t>(MaxPool{w}, {{count<uint8_t>({1, 1, 3, 3})}}), (Bytes{4, 5, 5, 7, 8, 8, 7, 8, 8}));
}

TEST(MaxPool, StridesAndDilations) {
  const Window strided{{2, 2}, {2, 2}, {1, 1}, {}};
  EXPECT_EQ(values<float>(MaxPool{strided}, {{count<float>({1, 2, 2, 4})}}), (Floats{5, 7, 13, 15}));
  const Window dilated{{2, 2}, {1, 1}, {2, 2}, {}};
  EXPECT_EQ(values<float>(MaxPool{dilated}, {{count<float>({1, 1, 3, 4})}}), (Floats{10, 11}));
}

TEST(Decode, CellsAnchorsAndLevelsInOrder) {
  // One class: 6 channels. Level 0: one anchor, 1x2 cells, stride 8. Level 1: two anchors, one cell, stride 16.
  const Decode op{{{8, {{10, 20}}}, {16, {{30, 40}, {50, 60}}}}, 1, true};
  const Tensor a = f32({1, 6, 1, 2}, {0.5f, 0.25f, 0.5f, 0.75f, 0.5f, 1, 0.25f, 0.5f, 0.9f, 0.8f, 0.7f, 0.6f});
  const Tensor b = f32({1, 12, 1, 1}, {0, 1, 0.5f, 0.5f, 0.1f, 0.2f, 0.5f, 0.5f, 1, 0.25f, 0.3f, 0.4f});
  const Floats y = values<float>(op, {{a}, {b}});
  const Floats wanted{4,  4,  10,  5,  0.9f, 0.7f,   // cell 0: (1 - 0.5 + 0) * 8; 1 * 10; 0.25 * 20
                      8,  8,  40,  20, 0.8f, 0.6f,   // cell 1: (0.5 - 0.5 + 1) * 8, (1.5 - 0.5 + 0) * 8
                      -8, 24, 30,  40, 0.1f, 0.2f,   // level 1, anchor 0
                      8,  8,  200, 15, 0.3f, 0.4f};  // anchor 1: 4 * 50, 0.25 * 60
  EXPECT_EQ(y, wanted);
}

TEST(Decode, TakesTheSigmoidWhereItIsNotDone) {
  const Decode op{{{8, {{10, 20}}}}, 0, false};
  const Floats t{-1, 0, 2, 0.5f, 3};
  const Floats y = values<float>(op, {{f32({1, 5, 1, 1}, t)}});
  const float w = 2 * numerics::sigmoid(2);
  EXPECT_EQ(y[0], (2 * numerics::sigmoid(-1) - 0.5f) * 8);
  EXPECT_EQ(y[1], 4.0f);
  EXPECT_EQ(y[2], w * w * 10);
  EXPECT_EQ(y[4], numerics::sigmoid(3));
}

}  // namespace
}  // namespace sparsec
