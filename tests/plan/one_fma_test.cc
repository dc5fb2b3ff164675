// Every accumulator of the range is tried against the plain formula.
#include "compiler/plan/one_fma.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sparsec {
namespace {

using numerics::Scaling;

uint8_t plain(const Scaling& s, int32_t zero_point, int64_t acc) {
  return numerics::clamp_u8(numerics::round_even(s(int32_t(acc))) + zero_point);
}

uint8_t signed_level(const SignedLevels& l, int64_t acc) {
  return uint8_t(std::clamp(numerics::round_even(l.scaling(int32_t(acc))) + l.offset, -128, 127) + 128);
}

// As it is found for a row.
std::optional<SignedLevels> in_one_fma(const Scaling& s, int32_t zero_point, oracle::AccumulatorRange range) {
  const std::optional<LevelSteps> steps = steps_of(s, zero_point, range, nullptr);
  if (!steps) return std::nullopt;
  return sparsec::in_one_fma(s, zero_point, *steps, range);
}

bool needs_no_addition(const SignedLevels& l) { return l.offset == 0 && l.scaling.acc_bias == 0; }

void expect_same(const Scaling& s, int32_t zero_point, oracle::AccumulatorRange range, const SignedLevels& l) {
  for (int64_t acc = range.least; acc <= range.most; ++acc)
    ASSERT_EQ(signed_level(l, acc), plain(s, zero_point, acc))
        << "accumulator " << acc << " of multiplier " << s.multiplier << ", bias " << s.acc_bias << " and " << s.bias
        << ", zero point " << zero_point;
}

TEST(OneFma, IsTheSameForEveryAccumulator) {
  std::mt19937 random(3);
  const auto between = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  int found = 0;
  constexpr int kRows = 300;
  for (int i = 0; i < kRows; ++i) {
    const Scaling s{int32_t(between(-9000, 9000)), std::exp2(-float(between(40, 120)) / 10),
                    i % 3 == 0 ? 0.01f * float(between(-500, 500)) : 0};
    const auto zero_point = int32_t(between(0, 255));
    const oracle::AccumulatorRange range{between(-150000, 0), between(0, 150000)};
    const std::optional<SignedLevels> l = in_one_fma(s, zero_point, range);
    ASSERT_TRUE(l);
    found += needs_no_addition(*l);
    expect_same(s, zero_point, range, *l);
  }
  EXPECT_GT(found, kRows * 9 / 10);
}

// Ties go to even levels, which an odd zero point turns into odd ones: no bias has such steps.
TEST(OneFma, KeepsAdditionsThatNoBiasStandsFor) {
  const Scaling s{3, 0.25f, 0};
  const oracle::AccumulatorRange range{-2000, 2000};
  const std::optional<SignedLevels> odd = in_one_fma(s, 77, range), even = in_one_fma(s, 76, range);
  ASSERT_TRUE(odd && even);
  EXPECT_FALSE(needs_no_addition(*odd));
  EXPECT_TRUE(needs_no_addition(*even));
  expect_same(s, 77, range, *odd);
  expect_same(s, 76, range, *even);
}

// One accumulator may gain several levels.
TEST(OneFma, TakesStepsThatCoincide) {
  for (const float multiplier : {0.4f, 1.3f, 7.9f, 300.5f})
    for (const int32_t zero_point : {0, 90, 255}) {
      const Scaling s{-3, multiplier, 100.37f};
      const oracle::AccumulatorRange range{-2000, 2000};
      const std::optional<SignedLevels> l = in_one_fma(s, zero_point, range);
      ASSERT_TRUE(l);
      expect_same(s, zero_point, range, *l);
    }
}

// Float rounds away what this multiplier adds until long behind where real numbers have the step.
TEST(OneFma, FindsStepsFarFromWhereTheyShouldBe) {
  const Scaling s{0, 5e-13f, 200.5f};
  const oracle::AccumulatorRange range{0, 1 << 24};
  const std::optional<SignedLevels> l = in_one_fma(s, 0, range);
  ASSERT_TRUE(l);
  EXPECT_NE(plain(s, 0, range.least), plain(s, 0, range.most));
  for (int64_t acc = 0; acc <= range.most; acc += 997) ASSERT_EQ(signed_level(*l, acc), plain(s, 0, acc)) << acc;
}

TEST(OneFma, KnowsRowsOfOneLevel) {
  for (const Scaling& s : {Scaling{0, 0, 0}, Scaling{5, 1e-9f, 3.25f}, Scaling{-7, 0, -1e6f}}) {
    const oracle::AccumulatorRange range{-300, 300};
    const std::optional<SignedLevels> l = in_one_fma(s, 9, range);
    ASSERT_TRUE(l);
    EXPECT_TRUE(needs_no_addition(*l));
    expect_same(s, 9, range, *l);
  }
  const std::optional<SignedLevels> nothing = in_one_fma({17, 0.5f, 0}, 9, {0, 0});  // no weights
  ASSERT_TRUE(nothing);
  EXPECT_EQ(signed_level(*nothing, 0), plain({17, 0.5f, 0}, 9, 0));
}

TEST(OneFma, LeavesWhatFloatOrInt32CannotHold) {
  EXPECT_FALSE(in_one_fma({0, 1e-5f, 0}, 5, {0, (1 << 24) + 1}));
  EXPECT_FALSE(in_one_fma({1 << 24, 1e-5f, 0}, 5, {-3, 3}));
  EXPECT_FALSE(in_one_fma({0, 1e6f, 0}, 5, {-3000, 3000}));
  EXPECT_FALSE(in_one_fma({0, 1, std::nanf("")}, 5, {-3, 3}));
  EXPECT_FALSE(in_one_fma({0, -0.01f, 0}, 5, {-3, 3}));
  EXPECT_TRUE(in_one_fma({0, 1e-5f, 0}, 5, {0, 1 << 24}));
}

}  // namespace
}  // namespace sparsec
