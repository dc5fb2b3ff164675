// integerise: each form of the real dialect becomes the integer form that is expected, and means the same.
#include "compiler/error.h"
#include "compiler/ir/print.h"
#include "tests/passes/quantised_graphs.h"

namespace sparsec::passes {
namespace {

const Quant kA{0.02f, 3}, kB{0.05f, 17}, kC{0.011f, 120};

TEST(Integerise, QuantisedConvolutionIsExact) {
  QuantisedGraph b;
  const ValueId x = b.input(DType::u8, {1, 8, 6, 7});
  const Graph real = b.build({b.quantise(b.conv(b.dequantise(x, kA), 12, 3, kA.scale), kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QConv>(made), 1);
  EXPECT_EQ(count<Dequantize>(made), 0);
  EXPECT_EQ(count<Quantize>(made), 1);
  const Node& conv = the_only<QConv>(made);
  const QConv& op = std::get<QConv>(conv.op);
  EXPECT_EQ(made.value(conv.inputs[0]).quant, kA);
  EXPECT_EQ(op.bias, std::vector<float>(12, 0.0f));  // the int32 bias is in the accumulator
  EXPECT_FLOAT_EQ(op.multiplier[1], 0.003f * kA.scale);
  expect_same_meaning(real, made);
}

TEST(Integerise, WeightZeroPointsAndOtherBiasScales) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 5, 5}), kA);
  const ValueId w =
      append(b.g, "w", Dequantize{{{0.01f}, {128}, 0}}, {b.integer_constant<uint8_t>({6, 4, 3, 3}, 0, 255)});
  const ValueId bias = append(b.g, "bias", Dequantize{{{0.5f}, {2}, 0}}, {b.integer_constant<int32_t>({6}, -9, 9)});
  const ValueId y = append(b.g, "conv", Conv{{{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, 1}, {x, w, bias});
  const Graph real = b.build({y});
  const Graph made = integerised(real);
  const Node& conv = the_only<QConv>(made);
  const auto stored = made.value(conv.inputs[1]).constant->data<int8_t>();
  const auto given = real.value(ValueId(2)).constant->data<uint8_t>();
  for (size_t i = 0; i < stored.size(); ++i) ASSERT_EQ(stored[i], int(given[i]) - 128);
  EXPECT_NE(std::get<QConv>(conv.op).bias, std::vector<float>(6, 0.0f));
  expect_same_meaning(real, made);
}

// The sums of the weights that a QConv has for the copies of its input.
std::vector<int> summed_weights(const Graph& made, const Node& conv) {
  const int64_t summands = std::get<QConv>(conv.op).summands;
  const Tensor& w = *made.value(conv.inputs[1]).constant;
  const int64_t one = w.size() / w.shape[0] / summands;
  std::vector<int> sums(size_t(w.size() / summands));
  for (int64_t i = 0; i < w.size(); ++i) {
    sums[size_t(i / (one * summands) * one + i % one)] += w.data<int8_t>()[size_t(i)];
  }
  return sums;
}

// Zero points that take weights out of s8, per tensor and per channel, to the utmost.
TEST(Integerise, WeightsBeyondSignedBytesAreSumsOverCopiesOfTheInput) {
  struct Case {
    std::vector<int32_t> zero_points;
    int64_t summands;
  };
  for (const Case& c : {Case{{138}, 2}, Case{{255}, 2}, Case{{0}, 3}, Case{{128, 128, 10, 128, 128, 200}, 2},
                        Case{{128}, 1}, Case{{127}, 2}}) {
    SCOPED_TRACE(c.zero_points[0]);
    QuantisedGraph b;
    const ValueId input = b.input(DType::u8, {1, 3, 6, 5});
    Tensor integers(DType::u8, {6, 3, 3, 3});
    for (size_t i = 0; i < integers.bytes.size(); ++i) integers.data<uint8_t>()[i] = uint8_t(i * 97 % 256);
    for (const size_t channel : {2, 5}) {  // both ends of u8
      integers.data<uint8_t>()[channel * 27] = 0;
      integers.data<uint8_t>()[channel * 27 + 1] = 255;
    }
    const Tensor given = integers;
    const QuantParams q{std::vector<float>(c.zero_points.size(), 0.01f), c.zero_points, 0};
    const ValueId w = append(b.g, "w", Dequantize{q}, {b.g.add_constant("integers", std::move(integers))});
    const ValueId x = b.dequantise(input, kA);
    const Conv op{{{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, 1};
    const ValueId y = append(b.g, "one", op, {x, w}), z = append(b.g, "two", op, {x, w});
    const Graph real = b.build({b.quantise(y, kB), b.quantise(z, kB)});
    const Graph made = integerised(real);
    EXPECT_EQ(count<QConv>(made), 2);
    EXPECT_EQ(count<Concat>(made), c.summands > 1 ? 1 : 0);  // one for both
    for (const Node& node : made.nodes) {
      if (!as<QConv>(node)) continue;
      EXPECT_EQ(std::get<QConv>(node.op).summands, c.summands);
      EXPECT_EQ(made.value(node.inputs[0]).shape[1], 3 * c.summands);
      EXPECT_EQ(made.value(node.inputs[0]).quant, kA);
      const std::vector<int> sums = summed_weights(made, node);
      ASSERT_EQ(sums.size(), given.bytes.size());
      for (size_t i = 0; i < sums.size(); ++i) {
        const int32_t zero_point = c.zero_points[c.zero_points.size() > 1 ? i / 27 : 0];
        ASSERT_EQ(sums[i], int(given.data<uint8_t>()[i]) - zero_point);
      }
    }
    expect_same_meaning(real, made);
    expect_same_meaning(real, write_phases(lower_strides(order_channels(fused(real)))));
  }
}

// The bound on the sum is that of the weights themselves: 2^31 / 255 / 255 products of the largest fit, no more.
TEST(Integerise, SumsOfLargeWeightsMustFitToo) {
  for (const int64_t channels : {33025, 33026}) {
    QuantisedGraph b;
    const ValueId x = b.dequantise(b.input(DType::u8, {1, channels, 1, 1}), Quant{0.02f, 0});
    const ValueId w =
        append(b.g, "w", Dequantize{{{0.01f}, {0}, 0}}, {b.integer_constant<uint8_t>({1, channels, 1, 1}, 255, 255)});
    const Graph real = b.build({append(b.g, "wide", Conv{}, {x, w})});
    if (channels == 33025) {
      expect_same_meaning(real, integerised(real));
    } else {
      EXPECT_THROW(integerise(real), CompileError);
    }
  }
}

TEST(Integerise, SumsThatMayOverflowAreRefused) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 70000, 1, 1}), kA);
  const ValueId w =
      append(b.g, "w", Dequantize{{{0.01f}, {0}, 0}}, {b.integer_constant<int8_t>({1, 70000, 1, 1}, 127, 127)});
  const Graph real = b.build({append(b.g, "wide", Conv{}, {x, w})});
  try {
    integerise(real);
    FAIL() << "accepted";
  } catch (const CompileError& e) {
    EXPECT_NE(std::string(e.what()).find("test.onnx: node wide (Conv)"), std::string::npos) << e.what();
  }
}

TEST(Integerise, UnsupportedConvolutions) {
  QuantisedGraph groups;
  const ValueId x = groups.input(DType::f32, {1, 4, 3, 3});
  const Graph grouped =
      groups.build({append(groups.g, "g", Conv{{}, 2}, {x, groups.real_constant({4, 2, 1, 1}, -1, 1)})});
  try {
    integerise(grouped);
    FAIL() << "accepted";
  } catch (const CompileError& e) {
    EXPECT_EQ(std::string(e.what()), "test.onnx: node g (Conv): group=2 is unsupported; supported: 1");
  }
  QuantisedGraph free;
  const ValueId y = free.input(DType::f32, {1, 4, 3, 3}), w = free.input(DType::f32, {2, 4, 1, 1});
  EXPECT_THROW(integerise(free.build({append(free.g, "f", Conv{}, {y, w})})), CompileError);
}

TEST(Integerise, FloatConvolutionsStayFloat) {
  QuantisedGraph b;
  const ValueId x = b.input(DType::f32, {1, 4, 5, 5});
  const ValueId first =
      append(b.g, "a", Conv{}, {x, b.real_constant({4, 4, 1, 1}, -1, 1), b.real_constant({4}, -1, 1)});
  const ValueId second = b.conv(first, 3, 3, 1.0f);  // weights quantised, input not
  const ValueId third = append(b.g, "c", Conv{}, {b.fake_quantise(second, kB), b.real_constant({2, 3, 1, 1}, -1, 1)});
  const Graph real = b.build({third});
  const Graph made = integerised(real);
  EXPECT_EQ(count<FConv>(made), 3);
  EXPECT_EQ(count<QConv>(made), 0);
  EXPECT_EQ(count<Dequantize>(made), 1);
  expect_same_meaning(real, made);
}

TEST(Integerise, QuantisersMoveUpThroughJoinsAndResizesAndAreShared) {
  QuantisedGraph b;  // model.10 and its like: one value reaches two quantisers, one of them twice
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 4, 4}), kA);
  const ValueId s = b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale));
  const ValueId t = b.unary(UnaryKind::silu, b.conv(x, 4, 3, kA.scale));
  const ValueId big = b.quantise(b.twice(b.concat({s, t})), kB);
  const ValueId small = b.quantise(b.concat({t, s}), kC);
  const ValueId pooled = b.quantise(b.concat({s, b.pool(s), b.pool(b.pool(s))}), kC);
  const Graph real = b.build({big, small, pooled});
  const Graph made = integerised(real);
  EXPECT_EQ(count<Quantize>(made), 4);  // s and t, each for kB and kC
  EXPECT_EQ(count<Concat>(made), 3);
  EXPECT_EQ(count<MaxPool>(made), 3);  // pool(s) is written twice
  for (const Node& node : made.nodes) {
    if (as<Concat>(node) || as<MaxPool>(node) || as<Resize>(node)) {
      EXPECT_EQ(made.value(node.outputs[0]).type, DType::u8) << node.name;
      EXPECT_EQ(made.value(node.inputs[0]).quant, made.value(node.outputs[0]).quant) << node.name;
    }
  }
  expect_same_meaning(real, made);
}

TEST(Integerise, QuantisedPoolsNeedNothing) {
  QuantisedGraph b;  // -all: every pool between a DQ and a Q of the same scale
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kC);
  const ValueId one = b.fake_quantise(b.pool(x), kC), two = b.fake_quantise(b.pool(one), kC);
  const ValueId joined = b.fake_quantise(b.concat({x, one, two}), kC);
  const Graph real = b.build({b.quantise(joined, kC), b.conv(joined, 4, 1, kC.scale)});
  const Graph made = integerised(real);
  EXPECT_EQ(made.nodes.size(), 4u) << print(made);  // two pools, the join, the convolution
  expect_same_meaning(real, made);
}

TEST(Integerise, DequantisersMoveDownToFloatReaders) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kC);
  const ValueId y = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kC);
  const Graph real = b.build({b.conv(b.twice(b.concat({b.pool(x), y})), 4, 1, kC.scale)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QConv>(made), 1);
  EXPECT_EQ(count<Dequantize>(made), 0);
  expect_same_meaning(real, made);
}

TEST(Integerise, DifferentScalesBecomeATable) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kA);
  const ValueId y = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kC);
  const Graph real = b.build({b.quantise(b.concat({x, y}), kC), b.quantise(x, kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<Lookup>(made), 2);
  EXPECT_EQ(count<Concat>(made), 1);
  EXPECT_EQ(made.nodes.size(), 3u);
  expect_same_meaning(real, made);
}

TEST(Integerise, FloatChainsBecomeOneTable) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kB);
  const ValueId two = b.g.add_constant("two", Tensor::of<float>({}, {2.0f}));
  const ValueId inside = b.fake_quantise(b.unary(UnaryKind::sigmoid, x), {1 / 255.0f, 0});
  const ValueId product = b.binary(BinaryKind::mul, b.binary(BinaryKind::mul, x, inside), two);
  const Graph real = b.build({b.quantise(product, kC), b.quantise(b.unary(UnaryKind::silu, x), kA)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<Lookup>(made), 2) << print(made);
  EXPECT_EQ(made.nodes.size(), 2u);
  expect_same_meaning(real, made);
}

TEST(Integerise, AddOfTwoQuantisedValues) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kA);
  const ValueId y = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kC);
  const Graph real =
      b.build({b.quantise(b.binary(BinaryKind::add, x, y), kB), b.quantise(b.binary(BinaryKind::mul, x, y), kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QBinary>(made), 2);
  EXPECT_EQ(made.nodes.size(), 2u);
  expect_same_meaning(real, made);
}

TEST(Integerise, FloatSkipsKeepTheirFloatForm) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 6, 6}), kA);
  const ValueId s = b.conv(x, 4, 1, kA.scale);
  const Graph real = b.build({b.binary(BinaryKind::add, s, b.conv(b.fake_quantise(s, kB), 4, 1, kB.scale))});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QConv>(made), 2);
  EXPECT_EQ(count<Quantize>(made), 1);
  EXPECT_EQ(count<Binary>(made), 1);
  expect_same_meaning(real, made);
}

TEST(Integerise, OneValueWithTwoMeanings) {
  QuantisedGraph b;  // a u8 input that two readers dequantise differently
  const ValueId x = b.input(DType::u8, {1, 4, 6, 6});
  const ValueId first = b.conv(b.dequantise(x, kA), 4, 3, kA.scale),
                second = b.conv(b.dequantise(x, kC), 4, 3, kC.scale);
  const Graph real = b.build({first, second, b.quantise(b.dequantise(x, kC), kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QConv>(made), 2);
  EXPECT_EQ(count<Dequantize>(made), 0);
  expect_same_meaning(real, made);
}

TEST(Integerise, CastOfPictureBytes) {
  QuantisedGraph b;  // uint8 in, scaled by the graph, then quantised
  const ValueId x = append(b.g, "cast", Cast{DType::f32}, {b.input(DType::u8, {1, 3, 6, 6})});
  const ValueId scaled = b.binary(BinaryKind::div, x, b.g.add_constant("255", Tensor::of<float>({}, {255.0f})));
  const Quant q{1 / 255.0f, 0};
  const Graph real = b.build({b.conv(b.fake_quantise(scaled, q), 4, 3, q.scale)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<QConv>(made), 1);
  EXPECT_EQ(made.nodes.size(), 2u) << print(made);  // a table (the identity) and the convolution
  expect_same_meaning(real, made);
}

TEST(Integerise, EveryLayoutOperatorLetsQuantisersPass) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 8, 4, 4}), kA);
  const ValueId y = b.unary(UnaryKind::silu, b.conv(x, 8, 1, kA.scale));
  const ValueId part = append(b.g, "slice", Slice{{0, 1, 0, 3}, {1, 2, 1, -1}, {1, 3, 4, 4}}, {y});
  const ValueId turned = append(b.g, "transpose", Transpose{{0, 2, 3, 1}}, {part});
  const ValueId flat = append(b.g, "reshape", Reshape{}, {turned}, TypeAndShape{DType::f32, {4, 12}});
  const ValueId fixed = b.real_constant({4, 2}, -1, 1);
  const Graph real = b.build({b.quantise(append(b.g, "join", Concat{1}, {flat, fixed}), kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(made.nodes.size(), 7u) << print(made);
  EXPECT_EQ(made.value(the_only<Quantize>(made).inputs[0]).name, real.value(y).name);
  expect_same_meaning(real, made);
}

TEST(Integerise, GraphOutputsThatAreOtherValues) {
  QuantisedGraph b;  // the same value under three names: as an input, and twice quantised
  const ValueId x = b.input(DType::u8, {1, 8, 4, 4});
  const ValueId again = b.quantise(b.dequantise(x, kA), kA);
  const ValueId y = b.conv(b.dequantise(x, kA), 8, 1, kA.scale);
  const Graph real = b.build({again, b.quantise(y, kB), b.quantise(y, kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(count<Dequantize>(made), 0) << print(made);
  EXPECT_EQ(count<Quantize>(made), 1);
  expect_same_meaning(real, made);
  expect_same_meaning(real, fused(real));
}

TEST(Integerise, FilledInNumbersAreStoredQuantised) {
  QuantisedGraph b;
  const ValueId x = b.dequantise(b.input(DType::u8, {1, 4, 5, 5}), kA);
  const ValueId y = b.unary(UnaryKind::silu, b.conv(x, 4, 1, kA.scale));
  const ValueId padded = append(b.g, "pad", Pad{{0, 0, 1, 1}, {0, 0, 1, 1}, 0.5f}, {y});
  const ValueId phases = append(b.g, "phases", SpaceToDepth{2, 2, 0.0f}, {padded});
  const Graph real = b.build({b.quantise(phases, kB)});
  const Graph made = integerised(real);
  EXPECT_EQ(std::get<Pad>(the_only<Pad>(made).op).value, 17 + 10);
  EXPECT_EQ(std::get<SpaceToDepth>(the_only<SpaceToDepth>(made).op).fill, 17);
  expect_same_meaning(real, made);
}

}  // namespace
}  // namespace sparsec::passes
