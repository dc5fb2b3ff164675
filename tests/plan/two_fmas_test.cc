// Every pair of bytes is tried against QBinary's formula.
#include "compiler/plan/two_fmas.h"

#include <gtest/gtest.h>

#include "compiler/oracle/numerics.h"
#include "tests/plan/byte_pairs.h"

namespace sparsec {
namespace {

using testing::ByteSum;

// Whether there are such numbers, which must be right for every pair.
bool check(const ByteSum& s) {
  const std::optional<kernels::SumOfBytes> sum = in_two_fmas(s.kind, s.a, s.b, s.y);
  if (!sum) return false;
  testing::expect_every_pair(s, [&](int x, int z) {
    const float steps =
        numerics::fma(float(z), sum->multiplier_b, numerics::fma(float(x), sum->multiplier_a, sum->bias));
    return numerics::clamp_u8(numerics::round_even(steps) + s.y.zero_point);
  });
  return true;
}

TEST(TwoFmas, AreTheSameForEveryPairOfBytes) { testing::expect_most_found(check); }

TEST(TwoFmas, KeepTiesAsTheyAre) { EXPECT_TRUE(check({BinaryKind::add, {0.5f, 3}, {0.5f, 3}, {1, 77}})); }

TEST(TwoFmas, LeaveWhatIsNoSum) {
  const Quant q{0.1f, 3};
  EXPECT_FALSE(in_two_fmas(BinaryKind::mul, q, q, q));
  // beyond int32 in steps the plain formula gives 0
  EXPECT_FALSE(in_two_fmas(BinaryKind::add, {1e9f, 0}, {3e9f, 128}, {0.7f, 7}));
}

}  // namespace
}  // namespace sparsec
