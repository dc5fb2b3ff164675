// Element-wise operators, quantisers and normalisations against values worked out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/oracle/numerics.h"
#include "tests/oracle/one_node.h"

namespace sparsec {
namespace {

using testing::f32;
using testing::i64;
using testing::s8;
using testing::u8;
using testing::values;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Bytes = std::vector<uint8_t>;

Floats unary(Unary op, const Floats& x) { return values<float>(op, {{f32({int64_t(x.size())}, x)}}); }

void expect_near(const Floats& got, const Floats& wanted, float tolerance = 1e-6f) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], tolerance) << i;
}

TEST(Unary, EveryKind) {
  expect_near(unary({UnaryKind::sigmoid}, {0, std::log(3.0f), -100}), {0.5f, 0.75f, 0});
  expect_near(unary({UnaryKind::silu}, {0, std::log(3.0f), -100}), {0, 0.75f * std::log(3.0f), 0});
  EXPECT_EQ(unary({UnaryKind::relu}, {-1, 2}), (Floats{0, 2}));
  EXPECT_EQ(unary({UnaryKind::leaky_relu, 0.25f}, {-4, 2}), (Floats{-1, 2}));
  expect_near(unary({UnaryKind::hard_swish}, {-4, -3, 0, 1.5f, 3, 5}), {0, 0, 0, 1.125f, 3, 5});
  expect_near(unary({UnaryKind::hard_sigmoid, 0.2f, 0.5f}, {-3, 0, 1, 4}), {0, 0.5f, 0.7f, 1});
  expect_near(unary({UnaryKind::tanh}, {0, 0.5f * std::log(3.0f)}), {0, 0.5f});
  expect_near(unary({UnaryKind::exp}, {0, std::log(3.0f)}), {1, 3});
  EXPECT_EQ(unary({UnaryKind::sqrt}, {4, 2.25f}), (Floats{2, 1.5f}));
  EXPECT_EQ(unary({UnaryKind::neg}, {4, -1}), (Floats{-4, 1}));
  EXPECT_EQ(unary({UnaryKind::abs}, {4, -1}), (Floats{4, 1}));
  EXPECT_EQ(unary({UnaryKind::clip, -1, 2}, {-4, 0.5f, 9}), (Floats{-1, 0.5f, 2}));
  EXPECT_EQ(values<int64_t>(Unary{UnaryKind::neg}, {{i64({2}, {INT64_MIN, 3})}}), (Ints{INT64_MIN, -3}));
  EXPECT_EQ(values<int64_t>(Unary{UnaryKind::clip, 0, 5}, {{i64({3}, {-7, 3, 7})}}), (Ints{0, 3, 5}));
}

TEST(Binary, EveryKindAndBroadcasting) {
  const auto binary = [](BinaryKind kind) {
    return values<float>(Binary{kind}, {{f32({2, 1}, {4, 9})}, {f32({3}, {2, 1, 0.5f})}});
  };
  EXPECT_EQ(binary(BinaryKind::add), (Floats{6, 5, 4.5f, 11, 10, 9.5f}));
  EXPECT_EQ(binary(BinaryKind::sub), (Floats{2, 3, 3.5f, 7, 8, 8.5f}));
  EXPECT_EQ(binary(BinaryKind::mul), (Floats{8, 4, 2, 18, 9, 4.5f}));
  EXPECT_EQ(binary(BinaryKind::div), (Floats{2, 4, 8, 4.5f, 9, 18}));
  EXPECT_EQ(binary(BinaryKind::pow), (Floats{16, 4, 2, 81, 9, 3}));
  EXPECT_EQ(binary(BinaryKind::min), (Floats{2, 1, 0.5f, 2, 1, 0.5f}));
  EXPECT_EQ(binary(BinaryKind::max), (Floats{4, 4, 4, 9, 9, 9}));
  EXPECT_EQ(values<float>(Binary{BinaryKind::add}, {{f32({}, {1})}, {f32({}, {2})}}), Floats{3});
  EXPECT_TRUE(values<float>(Binary{BinaryKind::add}, {{f32({0}, {})}, {f32({1}, {2})}}).empty());
}

TEST(Unary, FloatFunctionsAreThoseOfTheKernels) {
  for (float x = -90; x < 90; x += 0.37f) {
    EXPECT_EQ(unary({UnaryKind::sigmoid}, {x})[0], numerics::sigmoid(x));
    EXPECT_EQ(unary({UnaryKind::silu}, {x})[0], numerics::silu_exact(x));
    EXPECT_EQ(unary({UnaryKind::tanh}, {x})[0], numerics::tanh(x));
    EXPECT_EQ(unary({UnaryKind::exp}, {x})[0], numerics::exp(x));
    EXPECT_EQ(values<float>(Binary{BinaryKind::pow}, {{f32({1}, {x})}, {f32({}, {2.3f})}})[0] == numerics::pow(x, 2.3f),
              x >= 0);  // a negative base gives NaN, which equals nothing
  }
}

TEST(Binary, MinAndMaxGiveNaNForEitherOperand) {
  const float nan = std::nanf(""), infinity = INFINITY;
  for (const BinaryKind kind : {BinaryKind::min, BinaryKind::max}) {
    const auto y = values<float>(Binary{kind}, {{f32({4}, {nan, 1, nan, -infinity})}, {f32({4}, {1, nan, nan, 2})}});
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(y[i])) << i;
    EXPECT_EQ(y[3], kind == BinaryKind::min ? -infinity : 2);
  }
}

TEST(Binary, IntegersWrapAndRefuseDivisionByZero) {
  const auto binary = [](BinaryKind kind, int64_t a, int64_t b) {
    return values<int64_t>(Binary{kind}, {{i64({}, {a})}, {i64({}, {b})}})[0];
  };
  EXPECT_EQ(binary(BinaryKind::add, INT64_MAX, 1), INT64_MIN);
  EXPECT_EQ(binary(BinaryKind::div, -7, 2), -3);
  EXPECT_EQ(binary(BinaryKind::div, INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(binary(BinaryKind::pow, 3, 4), 81);
  EXPECT_EQ(binary(BinaryKind::pow, 3, 39), 4052555153018976267);  // exact, where doubles are not
  EXPECT_EQ(binary(BinaryKind::pow, 2, -1), 0);
  EXPECT_THROW(binary(BinaryKind::div, 1, 0), CompileError);
}

TEST(Cast, SaturatesFloatsAndKeepsIntegers) {
  const Tensor x = f32({5}, {-1.7f, 2.9f, 300, std::nanf(""), 0});
  EXPECT_EQ(values<uint8_t>(Cast{DType::u8}, {{x}}), (Bytes{0, 2, 255, 0, 0}));
  EXPECT_EQ(values<int64_t>(Cast{DType::i64}, {{x}}), (Ints{-1, 2, 300, 0, 0}));
  EXPECT_EQ(values<bool>(Cast{DType::boolean}, {{x}}), (std::vector<bool>{true, true, true, true, false}));
  EXPECT_EQ(values<float>(Cast{DType::f32}, {{u8({2}, {0, 255})}}), (Floats{0, 255}));
}

TEST(Softmax, AlongAnInnerAxis) {
  const float l2 = std::log(2.0f), l3 = std::log(3.0f);
  // Columns (0, ln 3) and (1000, 1000 + ln 2), in two pictures that are alike.
  const Tensor x = f32({2, 2, 2}, {0, 1000, l3, 1000 + l2, 0, 1000, l3, 1000 + l2});
  expect_near(values<float>(Softmax{1}, {{x}}), {0.25f, 1 / 3.f, 0.75f, 2 / 3.f, 0.25f, 1 / 3.f, 0.75f, 2 / 3.f},
              1e-4f);
  expect_near(values<float>(Softmax{-1}, {{f32({1, 2}, {0, l3})}}), {0.25f, 0.75f});
}

TEST(BatchNorm, PerChannel) {
  const auto y = values<float>(BatchNorm{0}, {{f32({1, 2, 1, 2}, {1, 3, 5, 7})},
                                              {f32({2}, {2, 3})},
                                              {f32({2}, {10, 20})},
                                              {f32({2}, {1, 5})},
                                              {f32({2}, {4, 16})}});
  EXPECT_EQ(y, (Floats{10, 12, 20, 21.5f}));
}

// The QuantizeLinear and DequantizeLinear examples of ONNX's operator list.
TEST(Quantise, OnnxExamples) {
  const Tensor x = f32({6}, {0, 2, 3, 1000, -254, -1000});
  EXPECT_EQ(values<uint8_t>(Quantize{{{2}, {128}, 0}}, {{x}}, {DType::u8}), (Bytes{128, 129, 130, 255, 1, 0}));
  const Tensor per_channel =
      f32({1, 3, 3, 2}, {-162, 10, -100, 232, -20, -50, -76, 0, 0, 252, 32, -44, 245, -485, -960, -270, -375, -470});
  EXPECT_EQ(values<uint8_t>(Quantize{{{2, 4, 5}, {84, 24, 196}, 1}}, {{per_channel}}, {DType::u8}),
            (Bytes{3, 89, 34, 200, 74, 59, 5, 24, 24, 87, 32, 13, 245, 99, 4, 142, 121, 102}));
  EXPECT_EQ(values<float>(Dequantize{{{2}, {128}, 0}}, {{u8({4}, {0, 3, 128, 255})}}), (Floats{-256, -250, 0, 254}));
}

TEST(Quantise, RoundsHalfToEvenBeforeTheZeroPointAndSaturates) {
  EXPECT_EQ(values<uint8_t>(Quantize{{{1}, {1}, 0}}, {{f32({4}, {0.5f, 1.5f, 2.5f, -0.5f})}}, {DType::u8}),
            (Bytes{1, 3, 3, 1}));
  EXPECT_EQ(values<int8_t>(Quantize{{{1}, {0}, 0}}, {{f32({2}, {-200, 200})}}, {DType::s8}),
            (std::vector<int8_t>{-128, 127}));
  EXPECT_EQ(values<int32_t>(Quantize{{{0.5f}, {0}, 0}}, {{f32({2}, {1e30f, -3})}}, {DType::s32}),
            (std::vector<int32_t>{INT32_MAX, -6}));
  EXPECT_EQ(values<float>(Dequantize{{{0.5f, 2}, {0, 1}, 1}}, {{s8({2, 2}, {-128, 3, 4, -5})}}),
            (Floats{-64, 4, 2, -12}));
}

TEST(Lookup, ReadsItsTable) {
  Lookup op;
  for (size_t i = 0; i < 256; ++i) op.table[i] = uint8_t(255 - i);
  EXPECT_EQ(values<uint8_t>(op, {{u8({3}, {0, 7, 255}), Quant{}}}, {DType::u8, {}, Quant{}}), (Bytes{255, 248, 0}));
}

TEST(QBinary, AddsAndMultipliesReals) {
  const testing::Operand a{u8({4}, {10, 12, 0, 255}), Quant{0.5f, 10}};  // 0, 1, -5, 122.5
  const testing::Operand b{u8({4}, {3, 8, 8, 200}), Quant{0.25f, 4}};    // -0.25, 1, 1, 49
  const testing::Result y{DType::u8, {}, Quant{0.5f, 20}};
  EXPECT_EQ(values<uint8_t>(QBinary{BinaryKind::add}, {a, b}, y), (Bytes{20, 24, 12, 255}));  // -0.5 rounds to 0
  EXPECT_EQ(values<uint8_t>(QBinary{BinaryKind::mul}, {a, b}, y), (Bytes{20, 22, 10, 255}));
}

TEST(Evaluate, RefusesWhatDoesNotFit) {
  EXPECT_THROW(values<float>(Binary{BinaryKind::add}, {{f32({2}, {1, 2})}, {f32({3}, {1, 2, 3})}}), CompileError);
  EXPECT_THROW(values<uint8_t>(Lookup{}, {{f32({2}, {1, 2})}}), CompileError);
}

}  // namespace
}  // namespace sparsec
