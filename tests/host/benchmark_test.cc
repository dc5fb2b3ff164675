// Statistics against hand-computed values, and what the timing loop promises.
#include "sparsec/benchmark.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>

namespace sparsec {
namespace {

TEST(Statistics, HandComputed) {
  const Statistics s({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(s.mean(), 2.5);
  EXPECT_DOUBLE_EQ(s.median(), 2.5);
  EXPECT_DOUBLE_EQ(s.std(), std::sqrt(1.25));
  EXPECT_DOUBLE_EQ(s.min(), 1);
  EXPECT_DOUBLE_EQ(s.max(), 4);
  EXPECT_DOUBLE_EQ(s.percentile(25), 1.75);
  EXPECT_DOUBLE_EQ(s.percentile(100), 4);
  EXPECT_DOUBLE_EQ(s.percentile(-5), 1);
  EXPECT_DOUBLE_EQ(Statistics({7}).median(), 7);
  EXPECT_DOUBLE_EQ(Statistics({7}).std(), 0);
  EXPECT_THROW(Statistics({}), std::invalid_argument);
}

TEST(Benchmark, CountsIterations) {
  int calls = 0;
  const auto result = benchmark([&] { ++calls; }, {.warmup_seconds = 0, .seconds = 0, .iterations = 25});
  EXPECT_EQ(calls, 25);
  EXPECT_EQ(result.iterations(), 25);
}

TEST(Benchmark, RunsForTheTimeAndWarmsUp) {
  int calls = 0;
  const auto nap = [&] {
    ++calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  const auto result = benchmark(nap, {.warmup_seconds = 0.02, .seconds = 0.05});
  EXPECT_GT(calls, result.iterations());
  EXPECT_GE(result.seconds, 0.05);
  EXPECT_GE(result.latency_ms.min(), 2);
  EXPECT_NEAR(result.latency_ms.mean() * double(result.iterations()) / 1000, result.seconds, 1e-6);
}

TEST(Benchmark, AtLeastOnce) {
  EXPECT_EQ(benchmark([] {}, {.warmup_seconds = 0, .seconds = 0}).iterations(), 1);
}

}  // namespace
}  // namespace sparsec
