// verify() passes a sound graph and names what is wrong with a broken one.
#include "compiler/ir/verify.h"

#include <gtest/gtest.h>

#include "tests/ir/build.h"

namespace sparsec {
namespace {

using testing::add_input;
using testing::add_node;

// x -> Quantize -> Lookup -> Dequantize -> Unary -> y
Graph sound() {
  Graph g;
  ValueId v = add_input(g, "x", DType::f32, {1, 4, 4, 4});
  v = add_node(g, "q", Quantize{{{0.5f}, {3}, 0}}, {v}, {{DType::u8, {}}});
  g.value(v).quant = Quant{0.5f, 3};
  v = add_node(g, "lookup", Lookup{}, {v});
  g.value(v).quant = Quant{0.25f, 1};
  v = add_node(g, "dq", Dequantize{{{0.25f}, {1}, 0}}, {v});
  v = add_node(g, "relu", Unary{UnaryKind::relu}, {v});
  g.outputs = {v};
  return g;
}

void expect_broken(const Graph& g, Stage stage, const std::string& text) {
  try {
    verify(g, stage, "some_pass");
    ADD_FAILURE() << "nothing found; expected: " << text;
  } catch (const InternalError& e) {
    const std::string message = e.what();
    EXPECT_NE(message.find("after some_pass"), std::string::npos) << message;
    EXPECT_NE(message.find(text), std::string::npos) << message;
  }
}

TEST(Verify, SoundGraphPassesAtEveryStage) {
  for (Stage stage : {Stage::imported, Stage::integer, Stage::fused}) EXPECT_NO_THROW(verify(sound(), stage, "p"));
}

TEST(Verify, Wiring) {
  Graph g = sound();
  std::swap(g.nodes[1], g.nodes[2]);
  expect_broken(g, Stage::imported, "node dq (Dequantize): input %2 'lookup:0' is not made by any earlier node");

  g = sound();
  g.nodes.push_back(g.nodes.back());
  expect_broken(g, Stage::imported, "is made twice");

  g = sound();
  g.nodes[3].inputs[0] = 99;
  expect_broken(g, Stage::imported, "input 99 does not exist");

  g = sound();
  g.nodes[3].inputs.insert(g.nodes[3].inputs.begin(), kNoValue);
  expect_broken(g, Stage::imported, "follows an absent one");

  g = sound();
  g.outputs.push_back(g.add_value({.name = "loose", .type = {}, .shape = {}, .constant = {}, .quant = {}}));
  expect_broken(g, Stage::imported, "graph output %5 'loose' is made by no node");

  g = sound();
  g.inputs.push_back(g.inputs[0]);
  expect_broken(g, Stage::imported, "listed twice");
}

TEST(Verify, Types) {
  Graph g = sound();
  g.value(g.outputs[0]).shape = {1, 4, 4, 5};
  expect_broken(g, Stage::imported, "is stored as f32 1x4x4x5 but comes out as f32 1x4x4x4");

  g = sound();
  g.nodes[3].inputs.push_back(g.nodes[3].inputs[0]);
  expect_broken(g, Stage::imported, "Unary has 2 inputs");

  g = sound();
  const ValueId c = g.add_constant("c", Tensor(DType::f32, {2}));
  g.value(c).shape = {3};
  expect_broken(g, Stage::imported, "constant %5 'c'");

  g = sound();
  auto t = std::make_shared<Tensor>(DType::f32, Shape{2});
  t->bytes.pop_back();
  g.value(g.add_constant("c", Tensor(DType::f32, {2}))).constant = t;
  expect_broken(g, Stage::imported, "holds 7 bytes");
}

TEST(Verify, IntegerStage) {
  Graph g = sound();
  g.value(g.nodes[1].outputs[0]).quant.reset();
  EXPECT_NO_THROW(verify(g, Stage::imported, "p"));
  expect_broken(g, Stage::integer, "u8 value %2 'lookup:0' has no quant");

  g = sound();
  g.value(g.nodes[1].outputs[0]).quant->scale = 0.3f;
  expect_broken(g, Stage::integer, "its parameters are not the quant");

  g = sound();
  const ValueId q = g.nodes[0].outputs[0];
  const ValueId pooled = add_node(g, "pool", MaxPool{}, {q});
  g.value(pooled).quant = Quant{0.5f, 4};
  expect_broken(g, Stage::integer, "moves u8 elements between different quants");
  g.value(pooled).quant = g.value(q).quant;
  EXPECT_NO_THROW(verify(g, Stage::integer, "p"));
}

// A picture of bytes that goes into a Cast means only itself.
TEST(Verify, RawBytesNeedNoQuant) {
  Graph g;
  ValueId v = add_input(g, "x", DType::u8, {1, 4, 4, 4});
  v = add_node(g, "turn", Transpose{{0, 2, 3, 1}}, {v});
  v = add_node(g, "cast", Cast{DType::f32}, {v});
  g.outputs = {v};
  EXPECT_NO_THROW(verify(g, Stage::fused, "p"));
}

TEST(Verify, FusedStage) {
  Graph g;
  const ValueId x = add_input(g, "x", DType::f32, {1, 4, 4, 4});
  const ValueId w = g.add_constant("w", Tensor(DType::f32, {2, 4, 1, 1}));
  g.outputs = {add_node(g, "conv", Conv{}, {x, w})};
  EXPECT_NO_THROW(verify(g, Stage::integer, "p"));
  expect_broken(g, Stage::fused, "node conv (Conv): should have become");

  g = {};
  const ValueId s = g.add_constant("w", Tensor(DType::s8, {2, 4, 1, 1}));
  g.outputs = {add_node(g, "dq", Dequantize{{{1.0f}, {0}, 0}}, {s})};
  EXPECT_NO_THROW(verify(g, Stage::integer, "p"));
  expect_broken(g, Stage::fused, "quantises a constant");

  g = {};
  const ValueId y = add_input(g, "x", DType::f32, {1, 4, 4, 4});
  const ValueId not_constant = add_input(g, "w", DType::f32, {2, 4, 1, 1});
  FConv f;
  f.bias.resize(2);
  g.outputs = {add_node(g, "conv", f, {y, not_constant})};
  expect_broken(g, Stage::imported, "weights are not constant");
}

TEST(Graph, ProducersAndConsumers) {
  const Graph g = sound();
  EXPECT_EQ(g.producers(), (std::vector<int32_t>{-1, 0, 1, 2, 3}));
  EXPECT_EQ(g.consumers()[1], std::vector<int32_t>{1});
  EXPECT_TRUE(g.consumers()[4].empty());
  EXPECT_TRUE(g.is_output(4));
  EXPECT_FALSE(g.is_output(3));
}

}  // namespace
}  // namespace sparsec
