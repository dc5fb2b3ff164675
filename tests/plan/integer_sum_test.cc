// Every pair of bytes is tried against QBinary's formula.
#include "compiler/plan/integer_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "compiler/oracle/numerics.h"

namespace sparsec {
namespace {

uint8_t plain(BinaryKind kind, Quant a, Quant b, Quant y, int x, int z) {
  const float left = float(x - a.zero_point) * a.scale, right = float(z - b.zero_point) * b.scale;
  const float real = kind == BinaryKind::add ? left + right : left - right;
  return numerics::clamp_u8(numerics::round_even(real * (1.0f / y.scale)) + y.zero_point);
}

void expect_same(BinaryKind kind, Quant a, Quant b, Quant y, const kernels::IntegerSum& sum) {
  ASSERT_LT(std::abs(sum.weight_a), 1 << 22);
  ASSERT_LT(std::abs(sum.weight_b), 1 << 22);
  for (int64_t x = 0; x < 256; ++x)
    for (int64_t z = 0; z < 256; ++z) {
      const int64_t steps = x * sum.weight_a + z * sum.weight_b + sum.bias;
      ASSERT_EQ(steps, int32_t(steps)) << "beyond int32";
      ASSERT_EQ(numerics::clamp_u8(int32_t(steps) >> sum.shift), plain(kind, a, b, y, int(x), int(z)))
          << x << " and " << z << ", scales " << a.scale << ' ' << b.scale << ' ' << y.scale;
    }
}

// As the shortcuts of detectors are quantised: most have such numbers.
TEST(IntegerSum, IsTheSameForEveryPairOfBytes) {
  std::mt19937 random(6);
  const auto scale = [&] { return std::uniform_real_distribution<float>(0.03f, 0.15f)(random); };
  const auto zero_point = [&] { return int32_t(random() % 12); };
  int found = 0;
  constexpr int kSums = 60;
  for (int i = 0; i < kSums; ++i) {
    const BinaryKind kind = i % 4 == 0 ? BinaryKind::sub : BinaryKind::add;
    const Quant a{scale(), zero_point()}, b{scale(), zero_point()}, y{scale(), int32_t(random() % 256)};
    const std::optional<kernels::IntegerSum> sum = in_integers(kind, a, b, y);
    found += sum.has_value();
    if (sum) expect_same(kind, a, b, y, *sum);
  }
  EXPECT_GT(found, kSums * 3 / 4);
}

// Bytes that count as much as the output's, and more: weights at their largest.
TEST(IntegerSum, TakesLargeAndSmallScales) {
  for (const float scale : {0.999f, 1.0001f, 300.0f}) {
    const Quant a{scale, 255}, b{scale / 2, 0}, y{1, 255};
    const auto sum = in_integers(BinaryKind::sub, a, b, y);
    ASSERT_TRUE(sum) << scale;
    expect_same(BinaryKind::sub, a, b, y, *sum);
  }
  EXPECT_TRUE(in_integers(BinaryKind::add, {0.71234567f, 128}, {0.30771234f, 3}, {1, 0}));
}

TEST(IntegerSum, LeavesWhatIsNoSum) {
  const Quant q{0.1f, 3};
  EXPECT_FALSE(in_integers(BinaryKind::mul, q, q, q));
  // ties go to the even level, which no bias follows
  EXPECT_FALSE(in_integers(BinaryKind::add, {0.5f, 3}, {0.5f, 3}, {1, 77}));
  EXPECT_FALSE(in_integers(BinaryKind::add, {3.7f, 3}, {1.85f, 3}, {1, 77}));
  EXPECT_FALSE(in_integers(BinaryKind::add, {1e9f, 0}, {3e9f, 128}, {0.7f, 7}));
  EXPECT_FALSE(in_integers(BinaryKind::add, q, {NAN, 0}, q));
}

}  // namespace
}  // namespace sparsec
