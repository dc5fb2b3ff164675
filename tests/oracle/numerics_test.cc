// How far the arithmetic of epilogues is from the truth, and where it is exact.
#include "compiler/oracle/numerics.h"

#include <gtest/gtest.h>

namespace sparsec::numerics {
namespace {

double true_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double true_silu(double x) { return x * true_sigmoid(x); }

TEST(Exp, RelativeErrorIsAFewUlp) {
  double worst = 0;
  for (int i = -86 * 4096; i <= 86 * 4096; ++i) {
    const float x = float(i) / 4096;
    worst = std::max(worst, std::fabs(exp(x) / std::exp(double(x)) - 1));
  }
  EXPECT_LT(worst, 2.5e-7);
  EXPECT_EQ(exp(0.0f), 1.0f);
  EXPECT_EQ(exp(1000.0f), exp(kExpLimit));
  EXPECT_EQ(exp(-1000.0f), exp(-kExpLimit));
  EXPECT_TRUE(std::isfinite(exp(kExpLimit)));
}

TEST(Sigmoid, Error) {
  double worst = 0, worst_silu = 0;
  for (int i = -100 * 1024; i <= 100 * 1024; ++i) {
    const float x = float(i) / 1024;
    worst = std::max(worst, std::fabs(sigmoid(x) - true_sigmoid(x)));
    worst_silu = std::max(worst_silu, std::fabs(silu_exact(x) - true_silu(x)) / std::max(1.0, std::fabs(double(x))));
  }
  EXPECT_LT(worst, 2e-7);
  EXPECT_LT(worst_silu, 3e-7);
  EXPECT_EQ(sigmoid(0.0f), 0.5f);
}

TEST(Rounding, HalfToEvenAndX86Overflow) {
  EXPECT_EQ(round_even(0.5f), 0);
  EXPECT_EQ(round_even(1.5f), 2);
  EXPECT_EQ(round_even(-2.5f), -2);
  EXPECT_EQ(round_even(3e9f), INT32_MIN);
  EXPECT_EQ(round_even(-3e9f), INT32_MIN);
  EXPECT_EQ(round_even(std::nanf("")), INT32_MIN);
  EXPECT_EQ(clamp_u8(-1), 0);
  EXPECT_EQ(clamp_u8(256), 255);
  EXPECT_EQ(requantise(0.75f, {0.5f, 3}), 4);  // 4.5 rounds to even
  EXPECT_EQ(requantise(1.25f, {0.5f, 3}), 6);  // 5.5 likewise
  EXPECT_EQ(requantise(1e6f, {0.5f, 3}), 255);
  EXPECT_EQ(requantise(-1e6f, {0.5f, 3}), 0);
}

}  // namespace
}  // namespace sparsec::numerics
