#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

Graph strided(const Window& window, int64_t rows, int64_t cols, bool integer) {
  GraphBuilder b;
  const int64_t in = 3, out = 4;
  const Shape weights{out, in, window.kernel[0], window.kernel[1]};
  if (!integer) {
    FConv conv{.window = window, .bias = {1, 2, 3, 4}, .activation = Activation::silu};
    return b.build({b.op(conv, {b.input({1, in, rows, cols}), b.random(weights)})});
  }
  const ValueId x = b.input({1, in, rows, cols}, DType::u8, Quant{0.02f, 57});
  const ValueId w = b.random<int8_t>(weights, -127, 128);
  const QConv conv{.window = window,
                   .acc_bias = {10, -2000, 300, 4},
                   .multiplier = {0.001f, 0.002f, 0.003f, 0.004f},
                   .bias = {1, 2, 3, 4},
                   .activation = Activation::silu,
                   .lookup = {std::nullopt}};
  const Shape shape{1, out,
                    window_extent(rows, window.kernel[0], window.strides[0], window.dilations[0], window.pads.top,
                                  window.pads.bottom),
                    window_extent(cols, window.kernel[1], window.strides[1], window.dilations[1], window.pads.left,
                                  window.pads.right)};
  return b.build({b.op(conv, {x, w}, TypeAndShape{DType::u8, shape}, Quant{0.05f, 20})});
}

void expect_lowered(const Graph& before) {
  const Graph after = lower_strides(before);
  EXPECT_EQ(count<SpaceToDepth>(after), 1u);
  const Node& conv = after.nodes.back();
  const Window& w =
      std::holds_alternative<QConv>(conv.op) ? std::get<QConv>(conv.op).window : std::get<FConv>(conv.op).window;
  EXPECT_EQ(w.strides, (std::array<int64_t, 2>{1, 1}));
  EXPECT_EQ(w.dilations, (std::array<int64_t, 2>{1, 1}));
  const bool integer = std::holds_alternative<QConv>(conv.op);
  expect_same(before, after, integer ? 0 : 1e-5, Stage::fused);  // integer sums do not depend on their order
}

TEST(LowerStrides, YoloWindows) {
  for (const bool integer : {false, true}) {
    const Graph three = lower_strides(strided(GraphBuilder::window(3, 2, 1), 8, 12, integer));
    EXPECT_EQ(three.value(three.nodes[1].inputs[1]).shape, (Shape{4, 12, 2, 2}));
    EXPECT_NE(print(three).find("pads=1,1,0,0"), std::string::npos) << print(three);
    const Graph six = lower_strides(strided(GraphBuilder::window(6, 2, 2), 8, 12, integer));
    EXPECT_EQ(six.value(six.nodes[1].inputs[1]).shape, (Shape{4, 12, 3, 3}));
    EXPECT_NE(print(six).find("pads=1,1,1,1"), std::string::npos) << print(six);
    expect_lowered(strided(GraphBuilder::window(3, 2, 1), 8, 12, integer));
    expect_lowered(strided(GraphBuilder::window(6, 2, 2), 8, 12, integer));
  }
}

TEST(LowerStrides, RandomWindows) {
  std::mt19937 random(3);
  const auto up_to = [&](int n) { return int64_t(random() % uint32_t(n)); };
  for (int i = 0; i < 200; ++i) {
    Window w{{1 + up_to(5), 1 + up_to(5)},
             {1 + up_to(4), 2 + up_to(3)},
             {1 + up_to(3), 1 + up_to(3)},
             {up_to(4), up_to(4), up_to(4), up_to(4)}};
    SCOPED_TRACE(i);
    expect_lowered(strided(w, 13 + up_to(6), 13 + up_to(6), i % 2 == 0));
  }
}

TEST(LowerStrides, ConvolutionsOfOneTensorShareItsPhases) {
  GraphBuilder b;
  const ValueId x = b.input({1, 2, 8, 8});
  const auto conv = [&](int64_t kernel, int64_t stride, int64_t pad) {
    return b.op(FConv{.window = b.window(kernel, stride, pad), .bias = {0, 0}}, {x, b.random({2, 2, kernel, kernel})});
  };
  const Graph before = b.build({conv(3, 2, 1), conv(1, 2, 0), conv(3, 4, 1), conv(3, 1, 1)});
  const Graph after = lower_strides(before);
  EXPECT_EQ(count<SpaceToDepth>(after), 2u);
  expect_same(before, after, 1e-6, Stage::fused);
}

}  // namespace
}  // namespace sparsec::passes
