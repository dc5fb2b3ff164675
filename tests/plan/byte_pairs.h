// Sums of quantised bytes, for tests that try every pair.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "compiler/ir/op.h"
#include "compiler/oracle/numerics.h"

namespace sparsec::testing {

struct ByteSum {
  BinaryKind kind;  // add or sub
  Quant a, b, y;

  // QBinary's formula (ir/op.h).
  uint8_t of(int x, int z) const {
    const float left = float(x - a.zero_point) * a.scale, right = float(z - b.zero_point) * b.scale;
    const float real = kind == BinaryKind::add ? left + right : left - right;
    return numerics::clamp_u8(numerics::round_even(real * (1.0f / y.scale)) + y.zero_point);
  }
};

// byte(x, z) for every pair.
template <typename Byte>
void expect_every_pair(const ByteSum& sum, Byte byte) {
  for (int x = 0; x < 256; ++x)
    for (int z = 0; z < 256; ++z)
      ASSERT_EQ(byte(x, z), sum.of(x, z))
          << x << " and " << z << ", scales " << sum.a.scale << ' ' << sum.b.scale << ' ' << sum.y.scale;
}

// Sums as the shortcuts of detectors are quantised: check(sum) says whether numbers were found, which they are for
// most.
template <typename Check>
void expect_most_found(Check check) {
  std::mt19937 random(6);
  const auto scale = [&] { return std::uniform_real_distribution<float>(0.03f, 0.15f)(random); };
  const auto zero_point = [&] { return int32_t(random() % 12); };
  int found = 0;
  constexpr int kSums = 60;
  for (int i = 0; i < kSums; ++i) {
    const BinaryKind kind = i % 4 == 0 ? BinaryKind::sub : BinaryKind::add;
    const Quant a{scale(), zero_point()}, b{scale(), zero_point()}, y{scale(), int32_t(random() % 256)};
    found += check(ByteSum{kind, a, b, y});
  }
  EXPECT_GT(found, kSums * 3 / 4);
}

}  // namespace sparsec::testing
