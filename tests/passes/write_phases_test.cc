#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

// SpaceToDepth, a convolution of stride 1 and SpaceToDepth again.
struct Chain {
  SpaceToDepth inner{2, 2}, outer{2, 2};
  Window window = GraphBuilder::window(3, 1, 1);
  int64_t rows = 16, cols = 24;
  bool integer = true;

  Graph graph(bool reads_twice = false) const {
    GraphBuilder b;
    const int64_t out = 4, in = 2 * inner.rows * inner.cols;
    const Shape weights{out, in, window.kernel[0], window.kernel[1]};
    SpaceToDepth first = inner, second = outer;
    first.fill = integer ? 57 : 0;
    second.fill = integer ? 20 : 0;
    const std::optional<Quant> in_quant = integer ? std::optional(Quant{0.02f, 57}) : std::nullopt,
                               out_quant = integer ? std::optional(Quant{0.05f, 20}) : std::nullopt;
    const ValueId x = integer ? b.input({1, 2, rows, cols}, DType::u8, in_quant) : b.input({1, 2, rows, cols});
    const ValueId apart = b.op(first, {x}, std::nullopt, in_quant);
    ValueId y;
    if (integer) {
      const QConv conv{.window = window,
                       .acc_bias = {10, -2000, 300, 4},
                       .multiplier = {0.001f, 0.002f, 0.003f, 0.004f},
                       .bias = {1, 2, 3, 4},
                       .activation = Activation::silu,
                       .lookup = {std::nullopt}};
      const auto extent = [&](size_t d, int64_t size, int64_t before, int64_t after) {
        return window_extent(size, window.kernel[d], 1, 1, before, after);
      };
      const Shape shape{1, out, extent(0, rows / inner.rows, window.pads.top, window.pads.bottom),
                        extent(1, cols / inner.cols, window.pads.left, window.pads.right)};
      y = b.op(conv, {apart, b.random<int8_t>(weights, -127, 128)}, TypeAndShape{DType::u8, shape}, out_quant);
    } else {
      y = b.op(FConv{.window = window, .bias = {1, 2, 3, 4}, .activation = Activation::silu},
               {apart, b.random(weights)});
    }
    const ValueId phases = b.op(second, {y}, std::nullopt, out_quant);
    return reads_twice ? b.build({phases, y}) : b.build({phases});
  }
};

TEST(WritePhases, TheStemOfYolo) {
  for (const bool integer : {true, false}) {
    Chain chain;
    chain.integer = integer;
    const Graph before = chain.graph(), after = write_phases(before);
    ASSERT_EQ(count<SpaceToDepth>(after), 1u) << print(after);
    EXPECT_NE(print(after).find("4x4"), std::string::npos) << print(after);
    const Node& conv = after.nodes.back();
    EXPECT_EQ(after.value(conv.inputs[1]).shape, (Shape{16, 32, 3, 3}));
    expect_same(before, after, integer ? 0 : 1e-5, Stage::fused);
  }
}

TEST(WritePhases, RandomWindows) {
  std::mt19937 random(5);
  const auto up_to = [&](int n) { return int64_t(random() % uint32_t(n)); };
  int rewritten = 0;
  for (int i = 0; i < 200; ++i) {
    Chain chain;
    chain.integer = i % 2 == 0;
    chain.inner = {1 + up_to(3), 1 + up_to(3)};
    chain.outer = {1 + up_to(3), 1 + up_to(3)};
    chain.window = {{1 + up_to(5), 1 + up_to(5)}, {1, 1}, {1, 1}, {up_to(3), up_to(3), up_to(3), up_to(3)}};
    chain.rows = 36;
    chain.cols = 36 * (1 + up_to(2));
    const Graph before = chain.graph(), after = write_phases(before);
    SCOPED_TRACE(i);
    rewritten += count<SpaceToDepth>(after) == 1;
    expect_same(before, after, chain.integer ? 0 : 1e-5, Stage::fused);
  }
  EXPECT_GT(rewritten, 20);
}

// Of three convolutions of stride 2 in a row, the first works on phases; the second's input is then no picture.
TEST(WritePhases, AChain) {
  GraphBuilder b;
  ValueId x = b.input({1, 3, 32, 48});
  for (int i = 0; i < 3; ++i) {
    const int64_t in = i == 0 ? 3 : 4;
    x = b.op(FConv{.window = GraphBuilder::window(3, 2, 1), .bias = {1, 2, 3, 4}}, {x, b.random({4, in, 3, 3})});
  }
  const Graph before = b.build({x}), after = write_phases(lower_strides(before));
  EXPECT_EQ(count<SpaceToDepth>(after), 2u) << print(after);
  expect_same(before, after, 1e-5, Stage::fused);
}

TEST(WritePhases, LeavesAPictureThatOthersRead) {
  const Graph before = Chain{}.graph(true);
  EXPECT_EQ(count<SpaceToDepth>(write_phases(before)), 2u);
}

// Two convolutions of stride 16 in a row once took 7 GB: 16,384 by 196,608 channels, nearly all zeros.
TEST(WritePhases, LeavesInputsThatFillATile) {
  Chain chain;
  chain.inner = {4, 4};  // 32 channels
  EXPECT_EQ(count<SpaceToDepth>(write_phases(chain.graph())), 2u);
  chain.outer = {1, 2};
  EXPECT_EQ(count<SpaceToDepth>(write_phases(chain.graph())), 1u) << "64 are one tile";
}

TEST(WritePhases, LeavesSizesThatDoNotDivide) {
  Chain chain;
  chain.rows = 18;  // nine rows of inner phases
  EXPECT_EQ(count<SpaceToDepth>(write_phases(chain.graph())), 2u);
}

}  // namespace
}  // namespace sparsec::passes
