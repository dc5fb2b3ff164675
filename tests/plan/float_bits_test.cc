// Every accumulator of the range is tried against the plain formula.
#include "compiler/plan/float_bits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sparsec {
namespace {

using numerics::Scaling;
using oracle::AccumulatorRange;
using Table = std::array<uint8_t, 256>;

std::optional<Scaling> found(const Scaling& s, int32_t zero_point, AccumulatorRange range,
                             const Table* table = nullptr) {
  const std::optional<LevelSteps> steps = steps_of(s, zero_point, range, table);
  return steps ? in_float_bits(*steps, s.multiplier, range) : std::nullopt;
}

void expect_same(const Scaling& s, int32_t zero_point, AccumulatorRange range, const Scaling& bits,
                 const Table* table = nullptr) {
  for (int64_t acc = range.least; acc <= range.most; ++acc) {
    const auto level = size_t(std::clamp<int>(half_of(bits, acc), -128, 127) + 128);
    const size_t plain = level_of(s, zero_point, acc);
    ASSERT_EQ(table ? (*table)[level] : level, table ? (*table)[plain] : plain)
        << "accumulator " << acc << " of multiplier " << s.multiplier << ", bias " << s.acc_bias << " and " << s.bias
        << ", zero point " << zero_point;
  }
}

struct Row {
  Scaling s{};
  int32_t zero_point = 0;
  AccumulatorRange range;
};

// As models have them: some hundred levels lie in the range.
class Rows {
 public:
  Row next() {
    Row row;
    row.s = {int32_t(between(-9000, 9000)), std::exp2(-float(between(40, 110)) / 10),
             between(0, 2) == 0 ? 0.01f * float(between(-500, 500)) : 0};
    row.zero_point = int32_t(between(0, 255));
    row.range = {between(-150000, 0), between(0, 150000)};
    return row;
  }
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }

 private:
  std::mt19937 random_{5};
};

TEST(FloatBits, AreTheSameForEveryAccumulator) {
  Rows rows;
  int n = 0;
  constexpr int kRows = 300;
  for (int i = 0; i < kRows; ++i) {
    const Row row = rows.next();
    const std::optional<Scaling> bits = found(row.s, row.zero_point, row.range);
    if (!bits) continue;
    ++n;
    expect_same(row.s, row.zero_point, row.range, *bits);
  }
  EXPECT_GT(n, kRows * 8 / 10);
}

TEST(FloatBits, AreFoundMoreOftenWhereATableForgetsSteps) {
  Table table{};
  for (int i = 0; i < 256; ++i) table[size_t(i)] = uint8_t(i < 100 ? 3 : i);
  Rows rows;
  int with_table = 0, without = 0;
  for (int i = 0; i < 300; ++i) {
    Row row = rows.next();
    row.s.multiplier = std::exp2(-float(rows.between(90, 120)) / 10);  // steps so fine that float's own rounding shows
    const std::optional<Scaling> bits = found(row.s, row.zero_point, row.range, &table);
    without += found(row.s, row.zero_point, row.range).has_value();
    if (!bits) continue;
    ++with_table;
    expect_same(row.s, row.zero_point, row.range, *bits, &table);
  }
  EXPECT_GT(with_table, without);
}

// Ties go to even levels, which an odd zero point turns into odd ones: no start has such steps.
TEST(FloatBits, AreNoneForTiesThatNoBiasStandsFor) {
  const AccumulatorRange range{-2000, 2000};
  EXPECT_FALSE(found({3, 0.25f, 0}, 77, range));
}

TEST(FloatBits, KnowRowsOfOneLevel) {
  const AccumulatorRange range{-300, 300};
  for (const Scaling& s : {Scaling{0, 0, 0}, Scaling{5, 1e-9f, 3.25f}, Scaling{-7, 0, -1e6f}, Scaling{-7, 0, 1e6f}}) {
    const std::optional<Scaling> bits = found(s, 9, range);
    ASSERT_TRUE(bits);
    expect_same(s, 9, range, *bits);
  }
  ASSERT_TRUE(found({17, 0.5f, 0}, 9, {0, 0}));  // no weights
  expect_same({17, 0.5f, 0}, 9, {0, 0}, *found({17, 0.5f, 0}, 9, {0, 0}));
}

// The range's ends hold integers of 2^23 numbers at most, and levels of 2^15.
TEST(FloatBits, AreNoneWhereTheyDoNotSuffice) {
  const AccumulatorRange wide{-(int64_t{1} << 22), int64_t{1} << 22}, narrow{-(int64_t{3} << 20), int64_t{3} << 20};
  EXPECT_FALSE(found({0, 0.00712345f, 0}, 100, wide));
  ASSERT_TRUE(found({0, 0.00712345f, 0}, 100, narrow));
  expect_same({0, 0.00712345f, 0}, 100, narrow, *found({0, 0.00712345f, 0}, 100, narrow));
  EXPECT_TRUE(found({0, 0.3101357f, 0}, 100, {-100000, 100000}));
  EXPECT_FALSE(found({0, 0.3301357f, 0}, 100, {-100000, 100000}));
}

TEST(FloatBits, StayIntegersFromEndToEnd) {
  Rows rows;
  for (int i = 0; i < 100; ++i) {
    const Row row = rows.next();
    const std::optional<Scaling> bits = found(row.s, row.zero_point, row.range);
    if (!bits) continue;
    for (const int64_t acc : {row.range.least, row.range.most}) {
      const auto sum = std::bit_cast<float>(int32_t(acc) + bits->acc_bias);
      ASSERT_GE(sum, 0x1p23f);
      ASSERT_LT(sum, 0x1p24f);
      const float result = numerics::fma(sum, bits->multiplier, bits->bias);
      ASSERT_LE(std::abs(result - 0x1.8p23f), 32767);
    }
  }
}

}  // namespace
}  // namespace sparsec
