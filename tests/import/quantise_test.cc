// Quantisers and integer operators: what they become, and that the numbers are those of ONNX's formulas.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

Tensor u8(uint8_t v) { return Tensor::of<uint8_t>({}, {v}); }
Tensor s8(int8_t v) { return Tensor::of<int8_t>({}, {v}); }

TEST(Quantise, UnsignedRoundTrip) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {4}).initialiser("s", f32(0.5f)).initialiser("z", u8(10)).output("q").output("y");
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  const auto out = run_model(m, {f32s({-100, 0.25f, 0.75f, 1000})});
  EXPECT_EQ(values_of<uint8_t>(out[0]), (std::vector<uint8_t>{0, 10, 12, 255}));  // halves go to even
  EXPECT_EQ(values_of<float>(out[1]), (std::vector<float>{-5, 0, 1, 122.5f}));
}

TEST(Quantise, SignedActivationsAreRebased) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1, 1, 2, 2}).initialiser("s", f32(0.5f)).initialiser("z", s8(-3)).output("y");
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  m.node("MaxPool", {"q"}, {"p"}, {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{0, 0, 1, 1}}});
  m.initialiser("pads", i64s({0, 0, 0, 0, 0, 0, 0, 1})).node("Pad", {"p", "pads", "z"}, {"w"});
  m.node("DequantizeLinear", {"w", "s", "z"}, {"y"});
  const Graph g = import_model(m);
  for (const Value& v : g.values) EXPECT_NE(v.type, v.constant ? DType::u8 : DType::s8) << v.name;
  EXPECT_EQ(std::get<Quantize>(g.nodes.at(0).op).q, (QuantParams{{0.5f}, {125}, 0}));
  const Tensor y = run_model(m, {Tensor::of<float>({1, 1, 2, 2}, {-1, 2, -3, -4})})[0];
  EXPECT_EQ(values_of<float>(y), (std::vector<float>{2, 2, 0, -3, -4, 0}));
}

TEST(Quantise, SignedOutputsKeepTheirType) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {3}).initialiser("s", f32(1)).initialiser("z", s8(5)).output("q").output("r");
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("Transpose", {"q"}, {"r"});
  const auto out = run_model(m, {f32s({-200, 1, 200})});
  EXPECT_EQ(values_of<int8_t>(out[0]), (std::vector<int8_t>{-128, 6, 127}));
  EXPECT_EQ(values_of<int8_t>(out[1]), (std::vector<int8_t>{-128, 6, 127}));
}

TEST(Quantise, SignedInputs) {
  OnnxWriter m(13);
  m.input("a", DType::s8, {2}).input("x", DType::f32, {1}).initialiser("s", f32(2)).initialiser("z", s8(1)).output("y");
  m.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("Concat", {"a", "q"}, {"c"}, {{"axis", int64_t{0}}});
  m.node("DequantizeLinear", {"c", "s", "z"}, {"y"});
  EXPECT_EQ(values_of<float>(run_model(m, {Tensor::of<int8_t>({2}, {-128, 127}), f32s({6})})[0]),
            (std::vector<float>{-258, 252, 6}));
}

TEST(Quantise, UnsignedWeightsBecomeSigned) {
  OnnxWriter m(13);
  m.initialiser("w", Tensor::of<uint8_t>({2, 1}, {0, 200})).initialiser("s", f32s({1, 0.5f}));
  m.initialiser("z", Tensor::of<uint8_t>({2}, {128, 100})).output("y");
  m.node("DequantizeLinear", {"w", "s", "z"}, {"y"}, {{"axis", int64_t{0}}});
  const Graph g = import_model(m);
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(std::get<Dequantize>(g.nodes[0].op).q, (QuantParams{{1, 0.5f}, {0, -28}, 0}));
  EXPECT_EQ(values_of<int8_t>(*g.value(g.nodes[0].inputs[0]).constant), (std::vector<int8_t>{-128, 72}));
  EXPECT_EQ(values_of<float>(run_model(m, {})[0]), (std::vector<float>{-128, 50}));
}

TEST(Quantise, FloatWeightsBehindAQuantiserAreQuantisedAtImport) {
  OnnxWriter m(13);
  m.initialiser("w", Tensor::of<float>({2, 2}, {1, -300, 0.5f, 0.75f})).initialiser("s", f32s({1, 0.25f})).output("y");
  m.initialiser("z", Tensor::of<int8_t>({2}, {0, 0}));
  m.node("QuantizeLinear", {"w", "s", "z"}, {"q"}, {{"axis", int64_t{0}}});
  m.node("DequantizeLinear", {"q", "s", "z"}, {"y"}, {{"axis", int64_t{0}}});
  const Graph g = import_model(m);
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(values_of<int8_t>(*g.value(g.nodes[0].inputs[0]).constant), (std::vector<int8_t>{1, -128, 2, 3}));
}

// One channel, one tap: y = saturate(round((x - zx) (w - zw) sx sw + b sx sw) / sy) + zy).
OnnxWriter& qlinear_conv(OnnxWriter& m, DType type, const Tensor& zx, const Tensor& zy) {
  m.input("x", type, {1, 1, 1, 3}).initialiser("sx", f32(0.5f)).initialiser("zx", zx);
  m.initialiser("w", Tensor::of<int8_t>({2, 1, 1, 1}, {3, -2})).initialiser("sw", f32s({1, 2}));
  m.initialiser("zw", Tensor::of<int8_t>({2}, {0, 0})).initialiser("sy", f32(2)).initialiser("zy", zy);
  m.initialiser("b", Tensor::of<int32_t>({2}, {4, -4})).output("y");
  return m.node("QLinearConv", {"x", "sx", "zx", "w", "sw", "zw", "sy", "zy", "b"}, {"y"});
}

TEST(Quantise, QLinearConv) {
  OnnxWriter m(13);
  const auto y =
      run_model(qlinear_conv(m, DType::u8, u8(10), u8(7)), {Tensor::of<uint8_t>({1, 1, 1, 3}, {10, 14, 110})})[0];
  // channel 0: (0, 12, 300) + 4, times 0.5 / 2; channel 1: (0, -8, -200) - 4, times 1 / 2
  EXPECT_EQ(values_of<uint8_t>(y), (std::vector<uint8_t>{8, 11, 83, 5, 1, 0}));
}

TEST(Quantise, QLinearConvOfSignedTensors) {
  OnnxWriter m(13);
  const auto y =
      run_model(qlinear_conv(m, DType::s8, s8(-10), s8(-7)), {Tensor::of<int8_t>({1, 1, 1, 3}, {-10, -6, 90})})[0];
  EXPECT_EQ(values_of<int8_t>(y), (std::vector<int8_t>{-6, -3, 69, -9, -13, -109}));
}

TEST(Quantise, ConvIntegerIsAFloatConvolution) {
  OnnxWriter m(13);
  m.input("x", DType::u8, {1, 1, 1, 3})
      .initialiser("w", Tensor::of<int8_t>({1, 1, 1, 1}, {3}))
      .initialiser("zx", u8(5));
  m.initialiser("b", Tensor::of<int32_t>({1}, {1000})).initialiser("s", f32(0.5f)).output("sum").output("y");
  m.node("ConvInteger", {"x", "w", "zx"}, {"c"}).node("Add", {"c", "b"}, {"sum"});
  m.node("Cast", {"sum"}, {"f"}, {{"to", int64_t{1}}}).node("Mul", {"f", "s"}, {"y"});
  const auto out = run_model(m, {Tensor::of<uint8_t>({1, 1, 1, 3}, {0, 5, 255})});
  EXPECT_EQ(values_of<int32_t>(out[0]), (std::vector<int32_t>{985, 1000, 1750}));
  EXPECT_EQ(values_of<float>(out[1]), (std::vector<float>{492.5f, 500, 875}));
  EXPECT_EQ(count_nodes<Cast>(import_model(m)), 1u);  // only for the s32 output
}

TEST(Quantise, OperatorsOfOnnxRuntime) {
  OnnxWriter m(13);
  m.domain("com.microsoft", 1);
  m.input("a", DType::u8, {2}).input("b", DType::u8, {2}).initialiser("s", f32(0.5f)).initialiser("z", u8(2));
  m.initialiser("t", f32(0.25f)).initialiser("u", f32(1 / 256.0f)).initialiser("o", u8(0));
  for (const char* op : {"Add", "Mul"}) {
    const std::string name = std::string("QLinear") + op;
    m.node(name, {"a", "s", "z", "b", "t", "o", "s", "z"}, {op}, {}, "com.microsoft").output(op);
  }
  m.node("QLinearConcat", {"s", "z", "a", "s", "z", "b", "t", "o"}, {"cat"}, {{"axis", int64_t{0}}}, "com.microsoft");
  m.node("QLinearSigmoid", {"a", "s", "z", "u", "o"}, {"sig"}, {}, "com.microsoft").output("cat").output("sig");
  const auto out = run_model(m, {Tensor::of<uint8_t>({2}, {2, 6}), Tensor::of<uint8_t>({2}, {4, 8})});
  EXPECT_EQ(values_of<uint8_t>(out[0]), (std::vector<uint8_t>{4, 10}));
  EXPECT_EQ(values_of<uint8_t>(out[1]), (std::vector<uint8_t>{2, 10}));
  EXPECT_EQ(values_of<uint8_t>(out[2]), (std::vector<uint8_t>{2, 6, 4, 6}));
  EXPECT_EQ(values_of<uint8_t>(out[3]), (std::vector<uint8_t>{128, 225}));
}

TEST(Quantise, WhatIsUnsupportedIsNamed) {
  const auto quantise = [](const Tensor& scale, const Tensor& zero, const OnnxAttributes& attributes = {}) {
    OnnxWriter m(21);
    m.input("x", DType::f32, {2, 4}).initialiser("s", scale).initialiser("z", zero).output("y");
    return error_of(m.node("QuantizeLinear", {"x", "s", "z"}, {"y"}, attributes));
  };
  expect_contains(quantise(Tensor::of<float>({2, 2}, {1, 1, 1, 1}), u8(0)), "blocked quantisation");
  expect_contains(quantise(f32(1), u8(0), {{"block_size", int64_t{2}}}), "blocked quantisation");
  expect_contains(quantise(f32(0), u8(0)), "scale");
  expect_contains(quantise(f32s({1, 1, 1}), u8(0)), "3 scales along axis 1");
  expect_contains(quantise(f32s({1, 1}), u8(0), {{"axis", int64_t{5}}}), "axis 5 is outside");
  expect_contains(quantise(f32(1), Tensor::of<int32_t>({}, {0})), "quantises to s32; supported: u8, s8");
  OnnxWriter dynamic(13);
  dynamic.input("x", DType::f32, {4}).output("y").node("DynamicQuantizeLinear", {"x"}, {"y", "s", "z"});
  expect_contains(error_of(dynamic), "supported: static quantisation");
  OnnxWriter running(13);
  running.input("x", DType::f32, {4}).input("s", DType::f32, {1}).output("y").node("QuantizeLinear", {"x", "s"}, {"y"});
  expect_contains(error_of(running), "input 1 ('s') is computed at run time; supported: a constant");
}

}  // namespace
}  // namespace sparsec::testing
