// Where levels step, with and without a table behind them.
#include "compiler/plan/level_steps.h"

#include <gtest/gtest.h>

namespace sparsec {
namespace {

using numerics::Scaling;

constexpr oracle::AccumulatorRange kRange{-500, 500};

// A level for every four accumulators, 100 in the middle: from -2 on, for a half is rounded to even.
TEST(LevelSteps, AreTheLeastAccumulatorsOfEachLevel) {
  const Scaling s{0, 0.25f, 0};
  const std::optional<LevelSteps> found = steps_of(s, 100, kRange, nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->floor, 0);
  EXPECT_EQ(found->ceiling, 226);
  ASSERT_EQ(found->steps.size(), 225u);
  for (const LevelSteps::Step& step : found->steps) {
    EXPECT_EQ(level_of(s, 100, step.least), step.level);
    EXPECT_EQ(level_of(s, 100, step.least - 1), step.level - 1);
  }
}

TEST(LevelSteps, AreNoneWhereTheTableHasNone) {
  std::array<uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) table[size_t(i)] = uint8_t(i < 60 ? 7 : i < 200 ? i / 2 : 100);
  const Scaling s{0, 0.25f, 0};
  const std::optional<LevelSteps> found = steps_of(s, 100, kRange, &table);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->floor, 0);
  EXPECT_EQ(found->ceiling, 256);  // 226 and all above are the same byte
  ASSERT_EQ(found->steps.size(), 71u);
  EXPECT_EQ(found->steps.front().level, 60);
  EXPECT_EQ(found->steps[1].level, 62);
  EXPECT_EQ(found->steps.back().level, 200);

  const auto shifted = [&](int by) { return [=](int64_t acc) { return level_of(s, 100, acc) + by; }; };
  EXPECT_TRUE(has_steps(shifted(0), *found, kRange));
  EXPECT_FALSE(has_steps(shifted(1), *found, kRange));
  // levels that the table maps to one byte are as good as each other
  EXPECT_TRUE(has_steps([&](int64_t acc) { return shifted(0)(acc) / 2 * 2; }, *found, kRange));
}

// A range that begins and ends within runs of one byte leaves its ends some freedom, and no more.
TEST(LevelSteps, BoundTheEndsOfTheRange) {
  std::array<uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) table[size_t(i)] = uint8_t(i / 10);
  const oracle::AccumulatorRange range{-100, 100};  // levels 75 to 125
  const Scaling s{0, 0.25f, 0};
  const std::optional<LevelSteps> found = steps_of(s, 100, range, &table);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->floor, 70);
  EXPECT_EQ(found->ceiling, 130);
  const auto stretched = [&](float by) { return [=](int64_t acc) { return level_of({0, by, 0}, 100, acc); }; };
  EXPECT_TRUE(has_steps(stretched(0.25f), *found, range));
  EXPECT_FALSE(has_steps([&](int64_t acc) { return acc == -100 ? 69 : level_of(s, 100, acc); }, *found, range));
  EXPECT_FALSE(has_steps([&](int64_t acc) { return acc == 100 ? 130 : level_of(s, 100, acc); }, *found, range));
}

}  // namespace
}  // namespace sparsec
