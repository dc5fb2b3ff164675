// Every pair of bytes is tried against QBinary's formula.
#include "compiler/plan/two_fmas.h"

#include <gtest/gtest.h>

#include <random>

#include "compiler/oracle/numerics.h"

namespace sparsec {
namespace {

uint8_t plain(BinaryKind kind, Quant a, Quant b, Quant y, int x, int z) {
  const float left = float(x - a.zero_point) * a.scale, right = float(z - b.zero_point) * b.scale;
  const float real = kind == BinaryKind::add ? left + right : left - right;
  return numerics::clamp_u8(numerics::round_even(real * (1.0f / y.scale)) + y.zero_point);
}

void expect_same(BinaryKind kind, Quant a, Quant b, Quant y, const kernels::SumOfBytes& sum) {
  for (int x = 0; x < 256; ++x)
    for (int z = 0; z < 256; ++z) {
      const float steps =
          numerics::fma(float(z), sum.multiplier_b, numerics::fma(float(x), sum.multiplier_a, sum.bias));
      ASSERT_EQ(numerics::clamp_u8(numerics::round_even(steps) + y.zero_point), plain(kind, a, b, y, x, z))
          << x << " and " << z << ", scales " << a.scale << ' ' << b.scale << ' ' << y.scale;
    }
}

// As the shortcuts of detectors are quantised: most have such numbers.
TEST(TwoFmas, AreTheSameForEveryPairOfBytes) {
  std::mt19937 random(6);
  const auto scale = [&] { return std::uniform_real_distribution<float>(0.03f, 0.15f)(random); };
  const auto zero_point = [&] { return int32_t(random() % 12); };
  int found = 0;
  constexpr int kSums = 60;
  for (int i = 0; i < kSums; ++i) {
    const BinaryKind kind = i % 4 == 0 ? BinaryKind::sub : BinaryKind::add;
    const Quant a{scale(), zero_point()}, b{scale(), zero_point()}, y{scale(), int32_t(random() % 256)};
    const std::optional<kernels::SumOfBytes> sum = in_two_fmas(kind, a, b, y);
    found += sum.has_value();
    if (sum) expect_same(kind, a, b, y, *sum);
  }
  EXPECT_GT(found, kSums * 3 / 4);
}

TEST(TwoFmas, KeepTiesAsTheyAre) {
  const Quant half{0.5f, 3}, one{1, 77};
  const std::optional<kernels::SumOfBytes> sum = in_two_fmas(BinaryKind::add, half, half, one);
  ASSERT_TRUE(sum);
  expect_same(BinaryKind::add, half, half, one, *sum);
}

TEST(TwoFmas, LeaveWhatIsNoSum) {
  const Quant q{0.1f, 3};
  EXPECT_FALSE(in_two_fmas(BinaryKind::mul, q, q, q));
  // beyond int32 in steps the plain formula gives 0
  EXPECT_FALSE(in_two_fmas(BinaryKind::add, {1e9f, 0}, {3e9f, 128}, {0.7f, 7}));
}

}  // namespace
}  // namespace sparsec
