// Every pair of bytes is tried against QBinary's formula.
#include "compiler/plan/integer_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "compiler/oracle/numerics.h"
#include "tests/plan/byte_pairs.h"

namespace sparsec {
namespace {

using testing::ByteSum;

// Whether there are such numbers, which must be right for every pair, within int32.
bool check(const ByteSum& s) {
  const std::optional<kernels::IntegerSum> sum = in_integers(s.kind, s.a, s.b, s.y);
  if (!sum) return false;
  EXPECT_LT(std::abs(sum->weight_a), 1 << 22);
  EXPECT_LT(std::abs(sum->weight_b), 1 << 22);
  testing::expect_every_pair(s, [&](int64_t x, int64_t z) {
    const int64_t steps = x * sum->weight_a + z * sum->weight_b + sum->bias;
    EXPECT_EQ(steps, int32_t(steps)) << "beyond int32";
    return numerics::clamp_u8(int32_t(steps) >> sum->shift);
  });
  return true;
}

TEST(IntegerSum, IsTheSameForEveryPairOfBytes) { testing::expect_most_found(check); }

// Bytes that count as much as the output's, and more: weights at their largest.
TEST(IntegerSum, TakesLargeAndSmallScales) {
  for (const float scale : {0.999f, 1.0001f, 300.0f})
    EXPECT_TRUE(check({BinaryKind::sub, {scale, 255}, {scale / 2, 0}, {1, 255}})) << scale;
  EXPECT_TRUE(check({BinaryKind::add, {0.71234567f, 128}, {0.30771234f, 3}, {1, 0}}));
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
