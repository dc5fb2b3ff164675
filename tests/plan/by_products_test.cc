// Quantising by products gives the division's byte: at every step, near it, and in between. What else a float may be is
// extremes_test.cc's.
#include "compiler/plan/by_products.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "compiler/oracle/numerics.h"

namespace sparsec {
namespace {

void expect_same(float x, Quant q, kernels::HalfReciprocal r) {
  const float steps = numerics::fma(2 * x, r.high, 2 * x * r.low);
  ASSERT_EQ(numerics::clamp_u8(numerics::round_even(steps) + q.zero_point),
            numerics::clamp_u8(numerics::round_even(x / q.scale) + q.zero_point))
      << x << " in steps of " << q.scale;
}

TEST(ByProducts, AreTheDivisionAroundEveryStep) {
  std::mt19937 random(8);
  constexpr int kScales = 300;
  int found = 0, one_product_would_do = 0;
  for (int i = 0; i < kScales; ++i) {
    const float fraction = std::uniform_real_distribution<float>(1, 2)(random);
    const Quant q{i == 0 ? 1 / 255.0f : std::ldexp(fraction, int(random() % 40) - 30), int32_t(random() % 256)};
    const auto r = in_products(q);
    if (!r) continue;
    ++found;
    bool one = true;
    for (int level = -3; level < 260; ++level) {
      float x = (float(level - q.zero_point) + 0.5f) * q.scale;
      for (int k = 0; k < 4; ++k) x = std::nextafterf(x, -std::numeric_limits<float>::infinity());
      for (int k = 0; k < 9; ++k, x = std::nextafterf(x, std::numeric_limits<float>::infinity())) {
        expect_same(x, q, *r);
        one &= numerics::round_even(2 * x * r->high) == numerics::round_even(x / q.scale);
      }
    }
    one_product_would_do += one;
    for (int k = 0; k < 1000; ++k) expect_same(1000 * q.scale * (float(random() % 8192) / 4096 - 1), q, *r);
  }
  EXPECT_GT(found, kScales * 99 / 100);
  EXPECT_LT(one_product_would_do, kScales / 10);  // what `low` is for
}

TEST(ByProducts, LeaveScalesWhoseReciprocalFloatDoesNotHold) {
  EXPECT_FALSE(in_products({1e-39f, 0}));
  EXPECT_FALSE(in_products({1e38f, 0}));
  EXPECT_FALSE(in_products({std::numeric_limits<float>::infinity(), 0}));
  EXPECT_FALSE(in_products({std::numeric_limits<float>::quiet_NaN(), 0}));
}

}  // namespace
}  // namespace sparsec
