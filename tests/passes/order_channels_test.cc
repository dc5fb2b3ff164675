// order_channels: outputs bit for bit the same, costs lower, and orders left alone where others depend on them.
#include "compiler/passes/order_channels.h"

#include "compiler/ir/print.h"
#include "compiler/passes/channel_classes.h"
#include "tests/passes/quantised_graphs.h"

namespace sparsec::passes {
namespace {

const Quant kA{0.02f, 3}, kB{0.05f, 17}, kC{0.011f, 120};

ChannelCost cost_of_all(const Graph& graph, int64_t group) {
  ChannelCost total;
  for (const Node& node : graph.nodes) {
    if (!as<QConv>(node)) continue;
    const ChannelCost cost = channel_cost(*graph.value(node.inputs[1]).constant, group);
    total.products += cost.products;
    total.loads += cost.loads;
  }
  return total;
}

void expect_equal_bits(const Graph& a, const Graph& b) {
  const std::vector<TensorPtr> inputs = random_inputs(a);
  const auto want = oracle::run(a, inputs), got = oracle::run(b, inputs);
  for (size_t i = 0; i < a.outputs.size(); ++i) {
    EXPECT_EQ(want.at(a.outputs[i])->bytes, got.at(b.outputs[i])->bytes) << a.value(a.outputs[i]).name;
  }
}

// Weights of `kinds` interleaved sorts of rows, each with its own columns: channel i of the output uses the inputs that
// are i modulo kinds.
ValueId interleaved(QuantisedGraph& b, int64_t rows, int64_t columns, int64_t kinds) {
  Tensor t(DType::s8, {rows, columns, 1, 1});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      if (r % kinds == c % kinds) t.data<int8_t>()[size_t(r * columns + c)] = int8_t(1 + (r + c) % 100);
    }
  }
  return append(b.g, b.fresh("weights"), Dequantize{{{0.01f}, {0}, 0}}, {b.g.add_constant(b.fresh("w"), t)});
}

// x -> conv -> silu -> quantise: a layer of an -in graph.
ValueId layer(QuantisedGraph& b, ValueId x, ValueId weights, Quant q) {
  return b.fake_quantise(b.unary(UnaryKind::silu, append(b.g, b.fresh("Conv"), Conv{}, {x, weights})), q);
}

TEST(OrderChannels, GathersScatteredZerosIntoWordsAndGroups) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 16, 5, 5}), kA);
  const ValueId first = layer(b, x, interleaved(b, 32, 16, 4), kB);
  const ValueId second = layer(b, first, interleaved(b, 32, 32, 4), kC);
  const Graph given = fused(b.build({layer(b, second, interleaved(b, 8, 32, 4), kA)}));
  const Graph made = order_channels(given, {8, 0.03});
  verify(made, Stage::fused, "order_channels");
  const ChannelCost before = cost_of_all(given, 8), after = cost_of_all(made, 8);
  // The readers' words: of four that hold one number each, one that holds four.
  EXPECT_EQ(before.products, 32 * 4 + 32 * 8 + 8 * 8);
  EXPECT_EQ(after.products, 32 * 4 + 32 * 2 + 8 * 2);
  EXPECT_EQ(before.loads, 4 * 4 + 4 * 8 + 8);
  EXPECT_EQ(after.loads, 4 * 4 + 4 * 2 + 8);
  expect_equal_bits(given, made);
}

TEST(OrderChannels, FollowsJoinsPoolsResidualsAndTables) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 16, 6, 6}), kA);
  const ValueId skip = layer(b, x, interleaved(b, 32, 16, 4), kB);
  const ValueId inner = b.unary(UnaryKind::silu, append(b.g, "inner", Conv{}, {skip, interleaved(b, 32, 32, 4)}));
  const ValueId sum = b.fake_quantise(b.binary(BinaryKind::add, inner, skip), kB);
  const ValueId other = layer(b, x, interleaved(b, 32, 16, 4), kC);
  const ValueId joined = b.fake_quantise(b.concat({b.twice(b.pool(sum)), b.twice(other), b.twice(sum)}), kA);
  const Graph given = fused(b.build({layer(b, joined, interleaved(b, 8, 96, 4), kC)}));
  const Graph made = order_channels(given, {8, 0.03});
  verify(made, Stage::fused, "order_channels");
  EXPECT_LT(cost_of_all(made, 8).products, cost_of_all(given, 8).products * 3 / 4);
  expect_equal_bits(given, made);
}

TEST(OrderChannels, LeavesAloneWhatOthersSee) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 16, 5, 5}), kA);
  const ValueId first = layer(b, x, interleaved(b, 32, 16, 4), kB);
  const ValueId second = layer(b, first, interleaved(b, 32, 32, 4), kC);
  const Graph given = fused(b.build({first, second}));
  EXPECT_TRUE(free_channel_classes(given).empty());
  EXPECT_EQ(print(order_channels(given)), print(given));
}

TEST(OrderChannels, LeavesAloneWhatDoesNotPay) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 16, 5, 5}), kA);
  const ValueId first = b.fake_quantise(b.conv(x, 32, 1, kA.scale), kB);
  const Graph given = fused(b.build({b.conv(first, 16, 3, kB.scale)}));
  EXPECT_EQ(free_channel_classes(given).size(), 1u);
  const Graph made = order_channels(given);
  EXPECT_EQ(made.value(made.nodes[0].inputs[1]).constant, given.value(given.nodes[0].inputs[1]).constant);
}

TEST(OrderChannels, RandomSparsityKeepsItsMeaning) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 12, 7, 7}), kA);
  const ValueId first = b.fake_quantise(b.unary(UnaryKind::silu, b.conv(x, 40, 3, kA.scale, 0.9)), kB);
  const ValueId second = b.fake_quantise(b.conv(first, 21, 1, kB.scale, 0.9), kC);
  const Graph given = fused(b.build({b.conv(second, 6, 3, kC.scale, 0.9)}));
  const Graph made = order_channels(given, {24, 0.0});
  verify(made, Stage::fused, "order_channels");
  expect_equal_bits(given, made);
  const ChannelCost before = cost_of_all(given, 24), after = cost_of_all(made, 24);
  EXPECT_LE(after.loads + after.products, before.loads + before.products);
}

}  // namespace
}  // namespace sparsec::passes
