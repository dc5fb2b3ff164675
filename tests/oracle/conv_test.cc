// Convolutions: against seven plain loops for every kind of window, and QConv against what it replaces,
// DequantizeLinear -> Conv -> activation -> QuantizeLinear.
#include <gtest/gtest.h>

#include "compiler/oracle/numerics.h"
#include "compiler/oracle/piecewise.h"
#include "tests/oracle/one_node.h"

namespace sparsec {
namespace {

using testing::f32;
using testing::Operand;
using testing::random_tensor;
using testing::s8;
using testing::u8;
using testing::values;
using Floats = std::vector<float>;
using Bytes = std::vector<uint8_t>;

const std::vector<Window>& windows() {
  static const std::vector<Window> all{{{1, 1}, {1, 1}, {1, 1}, {}},           {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
                                       {{6, 6}, {2, 2}, {1, 1}, {2, 2, 2, 2}}, {{3, 2}, {2, 3}, {1, 1}, {1, 0, 0, 1}},
                                       {{2, 3}, {1, 1}, {3, 2}, {0, 2, 1, 2}}, {{2, 2}, {3, 2}, {2, 3}, {1, 1, 2, 0}},
                                       {{5, 5}, {1, 1}, {1, 1}, {4, 4, 4, 4}}, {{1, 1}, {2, 2}, {1, 1}, {}}};
  return all;
}

// Calls f(n, o, y, x, products) for each output of a convolution; products are (pixel, weight) in the order channel,
// row, column.
template <typename X, typename W>
void plain_loops(const Tensor& x, const Tensor& w, const Window& win, int64_t groups, X outside, const Shape& out,
                 auto&& f) {
  const auto pixels = x.data<X>();
  const auto weights = w.data<W>();
  const Shape &s = x.shape, &k = w.shape;
  for (int64_t n = 0; n < out[0]; ++n) {
    for (int64_t o = 0; o < out[1]; ++o) {
      const int64_t first = o / (k[0] / groups) * k[1];
      for (int64_t y = 0; y < out[2]; ++y) {
        for (int64_t col = 0; col < out[3]; ++col) {
          std::vector<std::pair<X, W>> products;
          for (int64_t c = 0; c < k[1]; ++c) {
            for (int64_t ky = 0; ky < k[2]; ++ky) {
              for (int64_t kx = 0; kx < k[3]; ++kx) {
                const int64_t iy = y * win.strides[0] + ky * win.dilations[0] - win.pads.top;
                const int64_t ix = col * win.strides[1] + kx * win.dilations[1] - win.pads.left;
                const bool inside = iy >= 0 && iy < s[2] && ix >= 0 && ix < s[3];
                products.emplace_back(
                    inside ? pixels[size_t(((n * s[1] + first + c) * s[2] + iy) * s[3] + ix)] : outside,
                    weights[size_t(((o * k[1] + c) * k[2] + ky) * k[3] + kx)]);
              }
            }
          }
          f(n, o, y, col, products);
        }
      }
    }
  }
}

TEST(Conv, ByHand) {
  // 2x2 ones over 0..8: sums of four neighbours, plus the bias.
  const Window w{{2, 2}, {1, 1}, {1, 1}, {}};
  EXPECT_EQ(values<float>(Conv{w, 1}, {{f32({1, 1, 3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8})},
                                       {f32({1, 1, 2, 2}, {1, 1, 1, 1})},
                                       {f32({1}, {100})}}),
            (Floats{108, 112, 120, 124}));
}

// Small integers as floats: every order of addition gives the same sum, so all must be exact.
TEST(Conv, PlainLoopsAgreeForEveryWindowAndGroups) {
  std::mt19937 generator(1);
  for (const Window& window : windows()) {
    for (int64_t groups : {1, 2}) {
      const Tensor x = random_tensor<float>({2, 4, 9, 11}, -9, 9, generator);
      const Tensor w = random_tensor<float>({6, 4 / groups, window.kernel[0], window.kernel[1]}, -9, 9, generator);
      const Tensor y = testing::evaluate(Conv{window, groups}, {{x}, {w}})[0];
      size_t at = 0;
      plain_loops<float, float>(x, w, window, groups, 0, y.shape, [&](auto, auto, auto, auto, const auto& products) {
        float sum = 0;
        for (const auto& [p, q] : products) sum += p * q;
        ASSERT_EQ(y.data<float>()[at++], sum);
      });
      EXPECT_EQ(at, size_t(y.size()));
    }
  }
}

TEST(FConv, IsTheChainOfFmas) {
  std::mt19937 generator(2);
  const auto thirds = [&](Shape shape) {  // values whose products do round
    Tensor t = random_tensor<float>(std::move(shape), -900, 900, generator);
    for (float& f : t.data<float>()) f /= 301;
    return t;
  };
  for (const Window& window : windows()) {
    const Tensor x = thirds({1, 5, 9, 60}), w = thirds({3, 5, window.kernel[0], window.kernel[1]});
    FConv op{window, {0.1f, -0.7f, 3}, Activation::silu, 0, false};
    const Tensor y = testing::evaluate(op, {{x}, {w}})[0];
    op.residual = true;
    const Tensor skip = thirds(y.shape);
    const Tensor z = testing::evaluate(op, {{x}, {w}, {skip}})[0];
    size_t at = 0;
    plain_loops<float, float>(x, w, window, 1, 0, y.shape, [&](auto, int64_t o, auto, auto, const auto& products) {
      float acc = op.bias[size_t(o)];
      for (const auto& [p, q] : products) acc = std::fma(p, q, acc);
      ASSERT_EQ(y.data<float>()[at], numerics::silu_exact(acc));
      ASSERT_EQ(z.data<float>()[at], numerics::silu_exact(acc) + skip.data<float>()[at]);
      ++at;
    });
  }
}

TEST(FConv, Activations) {
  const auto run = [](Activation a, float x) {
    return values<float>(FConv{{}, {0}, a, 0.1f, false}, {{f32({1, 1, 1, 1}, {x})}, {f32({1, 1, 1, 1}, {1})}})[0];
  };
  EXPECT_EQ(run(Activation::none, -2), -2.0f);
  EXPECT_EQ(run(Activation::relu, -2), 0.0f);
  EXPECT_EQ(run(Activation::leaky_relu, -2), 0.1f * -2);
  EXPECT_EQ(run(Activation::sigmoid, -2), numerics::sigmoid(-2));
  EXPECT_NEAR(run(Activation::hard_swish, 1.5f), 1.125f, 1e-6f);
  EXPECT_EQ(run(Activation::hard_swish, 9), 9.0f);
}

// A QConv with what is needed around it.
struct Integers {
  QConv op;
  Tensor x, w, residual;
  Quant x_quant{0.05f, 100}, residual_quant{0.04f, 7};
  Floats w_scale;
};

Integers random_qconv(const Window& window, bool residual, std::mt19937& generator) {
  constexpr int64_t kOutputs = 4, kChannels = 5;
  Integers m;
  m.x = random_tensor<uint8_t>({2, kChannels, 9, 11}, 0, 255, generator);
  m.w = random_tensor<int8_t>({kOutputs, kChannels, window.kernel[0], window.kernel[1]}, -127, 127, generator);
  for (auto& w : m.w.data<int8_t>()) w = generator() % 2 ? w : int8_t(0);
  m.op.window = window;
  m.op.activation = Activation::silu;
  m.op.residual = residual;
  const auto weights = m.w.data<int8_t>();
  const size_t per_output = weights.size() / kOutputs;
  for (size_t o = 0; o < kOutputs; ++o) {
    int32_t sum = 0;
    for (size_t i = 0; i < per_output; ++i) sum += weights[o * per_output + i];
    m.w_scale.push_back(0.002f + 0.0007f * float(o));
    m.op.acc_bias.push_back(-m.x_quant.zero_point * sum);
    m.op.multiplier.push_back(m.x_quant.scale * m.w_scale[o]);
    m.op.bias.push_back(0.3f * float(o) - 0.5f);
  }
  return m;
}

// fma(float(acc), m, b), with m and b in `units`.
float scaled(const QConv& op, int64_t o, int32_t acc, double units) {
  const auto i = size_t(o);
  const double m = op.multiplier[i], b = op.acc_bias[i] * m + double(op.bias[i]);
  return std::fma(float(acc), float(m * units), float(b * units));
}

TEST(QConv, IsItsFormula) {
  std::mt19937 generator(3);
  for (const Window& window : windows()) {
    for (bool residual : {false, true}) {
      Integers m = random_qconv(window, residual, generator);
      m.op.lookup.resize(3);
      m.op.lookup[2] = Lookup256{{0.02f, 30}, {}};
      for (size_t i = 0; i < 256; ++i) m.op.lookup[2]->table[i] = uint8_t(i * 7);
      std::vector<Operand> operands{{m.x, m.x_quant}, {m.w}};
      if (residual) {
        QConv bare = m.op;
        bare.residual = false;
        const Shape shape = testing::evaluate(bare, operands, {{}, {}, {DType::u8, {}, Quant{}}})[0].shape;
        m.residual = random_tensor<uint8_t>(shape, 0, 255, generator);
        operands.push_back({m.residual, m.residual_quant});
      }
      const Quant quant{0.03f, 12};
      const auto y =
          testing::evaluate(m.op, operands, {{DType::f32}, {DType::u8, {}, quant}, {DType::u8, {}, Quant{}}});
      size_t at = 0;
      plain_loops<uint8_t, int8_t>(
          m.x, m.w, window, 1, 100, y[0].shape, [&](auto, int64_t o, auto, auto, const auto& products) {
            int32_t acc = 0;
            for (const auto& [p, q] : products) acc += p * q;
            const numerics::Piecewise table = numerics::silu();
            float a = numerics::evaluate(table, scaled(m.op, o, acc, double(table.segments)));
            if (residual) a = std::fma(float(m.residual.data<uint8_t>()[at] - 7), 0.04f, a);
            ASSERT_EQ(y[0].data<float>()[at], a);
            ASSERT_EQ(y[1].data<uint8_t>()[at], numerics::requantise(a, quant));
            ASSERT_EQ(y[2].data<uint8_t>()[at], uint8_t(7 * numerics::requantise(a, {0.02f, 30})));
            ++at;
          });
      EXPECT_EQ(at, size_t(y[0].size()));
    }
  }
}

// Accumulators beyond 2^24, where float has no odd numbers: the bias that brings them back is added before.
TEST(QConv, LargeAccumulatorsKeepTheirDigits) {
  std::mt19937 generator(9);
  const int64_t channels = 2048;
  QConv op{.window = {{1, 1}, {1, 1}, {1, 1}, {}}, .acc_bias = {0}, .multiplier = {0.01f}, .bias = {0}, .lookup = {}};
  Tensor x = random_tensor<uint8_t>({1, channels, 4, 4}, 230, 255, generator);
  Tensor w = random_tensor<int8_t>({1, channels, 1, 1}, 100, 127, generator);
  int64_t sum = 0;
  for (const int8_t v : w.data<int8_t>()) sum += v;
  op.acc_bias[0] = int32_t(-242 * sum);
  op.lookup.resize(1);
  const Tensor y = testing::evaluate(op, {{x, Quant{0.02f, 242}}, {w}}, {{DType::f32}})[0];
  size_t odd = 0;
  for (int64_t at = 0; at < 16; ++at) {
    int64_t acc = op.acc_bias[0];
    for (int64_t c = 0; c < channels; ++c)
      acc += int64_t(x.data<uint8_t>()[size_t(c * 16 + at)]) * w.data<int8_t>()[size_t(c)];
    EXPECT_EQ(y.data<float>()[size_t(at)], float(acc) * 0.01f);
    odd += acc % 2 != 0;
  }
  EXPECT_GT(odd, 0U);
}

// One u8 output: silu in steps of it, or no activation at all.
TEST(QConv, WithOneByteOutputIsItsFormula) {
  std::mt19937 generator(5);
  const Quant quant{0.03f, 13};
  for (const Activation activation : {Activation::silu, Activation::none})
    for (const bool residual : {false, true}) {
      if (residual && activation == Activation::none) continue;  // the general form
      Integers m = random_qconv(windows()[0], residual, generator);
      m.op.activation = activation;
      m.op.lookup.resize(1);
      std::vector<Operand> operands{{m.x, m.x_quant}, {m.w}};
      if (residual) {
        QConv bare = m.op;
        bare.residual = false;
        m.residual = random_tensor<uint8_t>(testing::evaluate(bare, operands, {{DType::u8, {}, quant}})[0].shape, 0,
                                            255, generator);
        operands.push_back({m.residual, m.residual_quant});
      }
      const Tensor y = testing::evaluate(m.op, operands, {{DType::u8, {}, quant}})[0];
      const numerics::Piecewise table = numerics::silu_in_steps(quant, residual ? &m.residual_quant : nullptr);
      size_t at = 0;
      plain_loops<uint8_t, int8_t>(
          m.x, m.w, windows()[0], 1, 100, y.shape, [&](auto, int64_t o, auto, auto, const auto& products) {
            int32_t acc = 0;
            for (const auto& [p, q] : products) acc += p * q;
            int32_t steps = 13;
            if (activation == Activation::none) {
              steps += numerics::round_even(std::fma(float(acc + m.op.acc_bias[size_t(o)]),
                                                     m.op.multiplier[size_t(o)] / quant.scale,
                                                     m.op.bias[size_t(o)] / quant.scale));
            } else {
              float a = numerics::evaluate(table, scaled(m.op, o, acc, double(table.segments)));
              if (residual) a = std::fma(float(m.residual.data<uint8_t>()[at]), 0.04f / quant.scale, a);
              steps = numerics::round_even(a);
            }
            ASSERT_EQ(y.data<uint8_t>()[at++], numerics::clamp_u8(steps));
          });
    }
}

TEST(QConv, WithinOneStepOfTheRealDialect) {
  std::mt19937 generator(4);
  for (const Window& window : windows()) {
    const Integers m = random_qconv(window, false, generator);
    const Quant quant{0.03f, 12};
    QConv op = m.op;
    op.lookup.resize(1);
    const Bytes integers = values<uint8_t>(op, {{m.x, m.x_quant}, {m.w}}, {DType::u8, {}, quant});

    const Tensor x = testing::evaluate(Dequantize{{{m.x_quant.scale}, {m.x_quant.zero_point}, 0}}, {{m.x}})[0];
    const Tensor w = testing::evaluate(Dequantize{{m.w_scale, {0, 0, 0, 0}, 0}}, {{m.w}})[0];
    const Tensor conv = testing::evaluate(Conv{window, 1}, {{x}, {w}, {f32({4}, m.op.bias)}})[0];
    const Tensor act = testing::evaluate(Unary{UnaryKind::silu}, {{conv}})[0];
    const Bytes real = values<uint8_t>(Quantize{{{quant.scale}, {quant.zero_point}, 0}}, {{act}}, {DType::u8});

    ASSERT_EQ(integers.size(), real.size());
    size_t equal = 0;
    for (size_t i = 0; i < real.size(); ++i) {
      ASSERT_LE(std::abs(int(integers[i]) - int(real[i])), 1) << i;
      equal += integers[i] == real[i];
    }
    EXPECT_GE(double(equal), 0.99 * double(real.size()));
  }
}

TEST(QConv, NeedsTheQuantOfItsInput) {
  QConv op{.window = {}, .acc_bias = {0}, .multiplier = {1}, .bias = {0}, .lookup = {}};
  op.lookup.resize(1);
  EXPECT_THROW(values<float>(op, {{u8({1, 1, 1, 1}, {1})}, {s8({1, 1, 1, 1}, {1})}}), InternalError);
  EXPECT_EQ(values<float>(op, {{u8({1, 1, 1, 1}, {3}), Quant{}}, {s8({1, 1, 1, 1}, {-2})}}), Floats{-6});
}

}  // namespace
}  // namespace sparsec
