// How far the arithmetic of epilogues is from the truth, and where it is exact.
#include "compiler/oracle/numerics.h"

#include <gtest/gtest.h>

namespace sparsec::numerics {
namespace {

double true_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double true_silu(double x) { return x * true_sigmoid(x); }

// A quantiser with 256 steps over [-x, x] has a step of x / 128: the error is about a thousandth of it.
TEST(Silu, ErrorIsSmallAgainstAStepOfTheRangeItOccursIn) {
  constexpr struct {
    double up_to, bound;
  } kParts[] = {{1, 5e-7}, {3, 6e-6}, {11, 3e-5}, {20, 2e-4}};
  double worst[std::size(kParts)] = {};
  for (int i = -20 * 65536; i <= 20 * 65536; ++i) {
    const float x = float(i) / 65536;
    size_t part = 0;
    while (part + 1 < std::size(kParts) && std::fabs(x) >= kParts[part].up_to) ++part;
    worst[part] = std::max(worst[part], std::fabs(silu(x) - true_silu(x)));
  }
  for (size_t part = 0; part < std::size(kParts); ++part) {
    EXPECT_LT(worst[part], kParts[part].bound);
    EXPECT_GT(worst[part], kParts[part].bound / 10);  // it is an approximation: the grid is fine enough to see that
  }
}

TEST(Silu, FarOutItIsXOrNothing) {
  for (float x : {15.0f, 16.0f, 31.7f, 100.0f, 255.25f, 1e4f, 1e6f, 1e30f}) {
    EXPECT_NEAR(silu(x), x, 1e-7 * x) << x;
    EXPECT_NEAR(silu(-x), 0, 2e-5 + 1e-7 * x) << x;
  }
  EXPECT_EQ(silu(20.0f), 20.0f);  // the line's coefficients are exact
  EXPECT_EQ(silu(-20.0f), 0.0f);
}

TEST(Silu, TableCoversEverySegmentAndEndsInTheLine) {
  const SiluTable& t = silu_table();
  const auto index = [](float b) { return (std::bit_cast<uint32_t>(b) >> 22) & 7; };
  EXPECT_EQ(index(1.0f), 6u);
  EXPECT_EQ(index(2.0f), 0u);
  EXPECT_EQ(index(kSiluLimit), 5u);
  for (size_t i = 0; i < 8; ++i) EXPECT_NE(t.c[1][i], 0) << i;
  EXPECT_EQ(t.c[0][5], -0.5f);
  EXPECT_EQ(t.c[1][5], 0.5f);
  for (size_t power = 2; power <= kSiluDegree; ++power) EXPECT_EQ(t.c[power][5], 0.0f);
}

// The table is part of what generated code computes: these bits may not depend on the machine or the compiler.
TEST(Silu, TableIsTheSameEverywhere) {
  const SiluTable& t = silu_table();
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const auto& c : t.c) {
    for (float f : c) hash = (hash ^ std::bit_cast<uint32_t>(f)) * 1099511628211u;
  }
  EXPECT_EQ(hash, 6101457871469017269u);
}

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
