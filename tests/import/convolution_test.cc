// Windows: padding in every form, pooling with hanging windows, batch norm.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

Window window_of_pool(const OnnxAttributes& attributes, const OnnxDims& shape) {
  OnnxWriter m(13);
  m.input("x", DType::f32, shape).output("y").node("MaxPool", {"x"}, {"y"}, attributes);
  const Graph g = import_model(m);
  return std::get<MaxPool>(g.nodes.at(0).op).window;
}

TEST(Convolution, ComputesWhatItShould) {
  OnnxWriter m(11);
  m.input("x", DType::f32, {1, 1, 3, 3}).output("y");
  m.initialiser("w", Tensor::of<float>({1, 1, 2, 2}, {1, 2, 3, 4})).initialiser("b", f32s({10}));
  m.node("Conv", {"x", "w", "b"}, {"y"}, {{"strides", Ints{2, 2}}, {"pads", Ints{1, 0, 0, 1}}});
  const Tensor y = run_model(m, {counting({1, 1, 3, 3})})[0];
  EXPECT_EQ(y.shape, (Shape{1, 1, 2, 2}));
  // rows -1,0 and 1,2; columns 0,1 and 2,3
  EXPECT_EQ(values_of<float>(y),
            (std::vector<float>{10 + 0 * 3 + 1 * 4, 10 + 2 * 3, 10 + 3 + 4 * 2 + 6 * 3 + 7 * 4, 10 + 5 + 8 * 3}));
}

TEST(Convolution, AutoPad) {
  const OnnxDims shape{1, 1, 5, 6};
  const Ints k{3, 4}, s{2, 2};
  const auto pads = [&](const char* mode) {
    return window_of_pool({{"kernel_shape", k}, {"strides", s}, {"auto_pad", mode}}, shape).pads;
  };
  EXPECT_EQ(pads("SAME_UPPER"), (Pads{1, 1, 1, 1}));
  EXPECT_EQ(pads("VALID"), (Pads{0, 0, 0, 0}));
  EXPECT_EQ(window_of_pool({{"kernel_shape", Ints{2, 2}}, {"auto_pad", "SAME_UPPER"}}, shape).pads, (Pads{0, 0, 1, 1}));
  EXPECT_EQ(window_of_pool({{"kernel_shape", Ints{2, 2}}, {"auto_pad", "SAME_LOWER"}}, shape).pads, (Pads{1, 1, 0, 0}));
}

TEST(Convolution, CeilModeGrowsThePadding) {
  const auto pads = [](int64_t size, int64_t kernel, int64_t stride, Ints given) {
    return window_of_pool({{"kernel_shape", Ints{kernel, kernel}},
                           {"strides", Ints{stride, stride}},
                           {"pads", std::move(given)},
                           {"ceil_mode", int64_t{1}}},
                          {1, 1, size, size})
        .pads;
  };
  EXPECT_EQ(pads(4, 3, 2, {0, 0, 0, 0}), (Pads{0, 0, 1, 1}));  // 2x2 instead of 1x1
  EXPECT_EQ(pads(5, 3, 2, {0, 0, 0, 0}), (Pads{0, 0, 0, 0}));  // divides
  EXPECT_EQ(pads(2, 1, 2, {0, 0, 1, 1}), (Pads{0, 0, 0, 0}));  // a window in the padding alone does not count
}

TEST(Convolution, SppPool) {
  const Window w = window_of_pool({{"kernel_shape", Ints{5, 5}}, {"pads", Ints{2, 2, 2, 2}}}, {1, 8, 20, 20});
  EXPECT_EQ(w, (Window{{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}}));
}

TEST(Convolution, BatchNorm) {
  OnnxWriter m(15);
  m.input("x", DType::f32, {1, 2, 1, 1}).output("y").initialiser("g", f32s({2, 3})).initialiser("b", f32s({1, 0}));
  m.initialiser("m", f32s({1, 1})).initialiser("v", f32s({3, 0}));
  m.node("BatchNormalization", {"x", "g", "b", "m", "v"}, {"y"}, {{"epsilon", 1.0f}});
  EXPECT_EQ(values_of<float>(run_model(m, {Tensor::of<float>({1, 2, 1, 1}, {5, 3})})[0]), (std::vector<float>{5, 6}));
}

TEST(Convolution, WhatIsWrongIsNamed) {
  const auto conv = [](const Shape& w, const OnnxAttributes& attributes, const OnnxDims& x = {1, 4, 8, 8}) {
    OnnxWriter m(13);
    m.input("x", DType::f32, x).output("y").initialiser("w", Tensor(DType::f32, w));
    return error_of(m.node("Conv", {"x", "w"}, {"y"}, attributes));
  };
  expect_contains(conv({8, 3, 1, 1}, {}), "node make_y (Conv): Conv weights of 8x3x1x1 do not fit an input of 1x4x8x8");
  expect_contains(conv({8, 4, 3}, {}), "4 dimensions");
  expect_contains(conv({8, 4, 3, 3}, {{"kernel_shape", Ints{5, 5}}}), "kernel");
  expect_contains(conv({8, 4, 3, 3}, {{"strides", Ints{0, 1}}}), "strides has 0; supported: 1 to 1048576");
  expect_contains(conv({8, 4, 3, 3}, {{"strides", Ints{1, 1LL << 31}}}),
                  "strides has 2147483648; supported: 1 to 1048576");
  expect_contains(conv({8, 4, 3, 3}, {{"dilations", Ints{1 << 20, 1}}}),
                  "a window of 3 with dilation 1048576 is too big");
  expect_contains(conv({8, 4, 3, 3}, {{"pads", Ints{-1, 0, 0, 0}}}), "pads has -1");
  expect_contains(conv({8, 4, 3, 3}, {{"pads", Ints{1, 1}}}), "pads has 2 entries");
  expect_contains(conv({8, 4, 3, 3}, {{"auto_pad", "SAME"}}), "auto_pad=SAME is unsupported");
  expect_contains(conv({8, 4, 3, 3}, {{"group", int64_t{0}}}), "group=0 is unsupported");
  expect_contains(conv({8, 4, 3, 3}, {{"strides", int64_t{1}}}), "attribute 'strides' is of the wrong kind");
  expect_contains(conv({8, 4, 9, 9}, {}), "does not fit");
  expect_contains(conv({8, 4, 3, 3}, {{"dilations", Ints{INT64_MAX, 1}}}), "dilations");
}

}  // namespace
}  // namespace sparsec::testing
