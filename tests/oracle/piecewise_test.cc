// How far the tables of SiLU and sigmoid are from the truth, and that both ways to use them are one.
#include "compiler/oracle/piecewise.h"

#include <gtest/gtest.h>

namespace sparsec::numerics {
namespace {

double true_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double true_silu(double x) { return x * true_sigmoid(x); }

// In steps, against the truth clamped to bytes: what the quantiser makes of it.
double worst_error(Quant out, const Quant* residual, double up_to) {
  const Piecewise t = silu_in_steps(out, residual);
  double worst = 0;
  for (double x = -up_to; x <= up_to; x += 1.0 / 4096) {
    const double offset =
        residual ? out.zero_point - residual->zero_point * double(residual->scale) / out.scale : out.zero_point;
    const double truth = true_silu(x) / out.scale + offset, got = evaluate(t, float(x) * t.segments);
    if (residual == nullptr && (truth > 255.5 || (x < 0 && std::fabs(truth - offset) < 0.45))) {
      // cut off, or the zero point
      if (truth > 255.5)
        EXPECT_GT(got, 255) << x;
      else
        EXPECT_EQ(round_even(float(got)), out.zero_point) << x;
      continue;
    }
    worst = std::max(worst, std::fabs(got - truth));
  }
  return worst;
}

// A share e of the inputs of a layer whose error is e steps is rounded differently: one in a thousand at most, and
// more in tails where hardly any input is.
TEST(Silu, ErrorIsSmallAgainstAStep) {
  for (const float scale : {0.011f, 0.02f, 0.03f, 0.05f, 0.08f, 0.15f, 0.25f}) {
    const Quant out{scale, int32_t(0.28f / scale)}, residual{0.7f * scale, 3};
    EXPECT_LT(worst_error(out, nullptr, 7), 0.001) << scale;
    EXPECT_GT(worst_error(out, nullptr, 7), 0.000005)
        << scale;  // an approximation: the grid is fine enough to see that
    EXPECT_LT(worst_error(out, &residual, 7), 0.002) << scale;
    const double farthest = 1.2e-3 / double(scale);  // of x that hardly any layer sees
    EXPECT_LT(worst_error(out, nullptr, 20), farthest) << scale;
    EXPECT_LT(worst_error(out, &residual, 20), farthest) << scale;
  }
}

TEST(Silu, InUnitsOfX) {
  const Piecewise t = silu();
  double worst = 0, farther = 0;
  for (double x = -20; x <= 20; x += 1.0 / 4096) {
    double& of = std::fabs(x) < 9 ? worst : farther;
    of = std::max(of, std::fabs(double(evaluate(t, float(x) * t.segments)) - true_silu(x)));
  }
  EXPECT_LT(worst, 1e-5);
  EXPECT_GT(worst, 2e-6);
  EXPECT_LT(farther, 1.2e-3);
}

TEST(Sigmoid, ByTable) {
  const Piecewise t = sigmoid();
  double worst = 0;
  for (int i = -20 * 4096; i <= 20 * 4096; ++i) {
    const double x = i / 4096.0, y = double(evaluate(t, float(x) * t.segments));
    worst = std::max(worst, std::fabs(y - true_sigmoid(x)));
    ASSERT_GE(y, 0) << x;
    ASSERT_LE(y, 1) << x;
  }
  EXPECT_LT(worst, 7e-6);
  EXPECT_GT(worst, 1e-6);
  EXPECT_EQ(evaluate(t, 0), 0.5f);
  EXPECT_EQ(evaluate(t, 1e9f), 1.0f);
  EXPECT_EQ(evaluate(t, -1e9f), 0.0f);
}

TEST(Silu, FarOutItIsXOrNothing) {
  const Piecewise t = silu();
  for (float x : {15.0f, 16.0f, 31.7f, 100.0f, 255.25f, 1e4f, 1e6f, 1e30f}) {
    EXPECT_NEAR(evaluate(t, x * t.segments), x, 2e-7 * x) << x;
    EXPECT_EQ(evaluate(t, -x * t.segments), 0.0f) << x;
  }
}

// What AVX-512 does: a quintic in u by the signed segment.
float evaluate_signed(const Piecewise& t, float u) {
  const auto c = t.signed_form();
  const float limited = std::copysign(std::fmin(std::fabs(u), float(Piecewise::kLast)), u);
  const size_t i = std::bit_cast<uint32_t>(limited + kRoundBits) & 15;
  float h = c[Piecewise::kDegree][i];
  for (size_t power = Piecewise::kDegree; power-- > 0;) h = std::fma(h, u, c[power][i]);
  return h;
}

TEST(Piecewise, BothFormsAreTheSameBits) {
  const Quant residual{0.07f, 9};
  for (const Piecewise& t :
       {silu(), sigmoid(), silu_in_steps({0.03f, 77}, nullptr), silu_in_steps({0.03f, 77}, &residual)})
    for (int i = -9 * 16384; i <= 9 * 16384; ++i) {
      const float u = float(i) / 16384;
      ASSERT_EQ(evaluate(t, u), evaluate_signed(t, u)) << u;
    }
}

// The table is part of what generated code computes: these bits may not depend on the machine or the compiler.
TEST(Piecewise, TableIsTheSameEverywhere) {
  const Piecewise t = silu_in_steps({0.03f, 77}, nullptr);
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto add = [&](float f) { hash = (hash ^ std::bit_cast<uint32_t>(f)) * 1099511628211u; };
  add(t.segments), add(t.simple);
  for (const auto& c : t.c)
    for (float f : c) add(f);
  EXPECT_EQ(hash, 11987879859929082250u);
}

}  // namespace
}  // namespace sparsec::numerics
