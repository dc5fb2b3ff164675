// Statistics against hand-computed values, and what the timing loop promises.
#include "sparsec/benchmark.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

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

TEST(Streams, WorkAtOnceAndCountTogether) {
  constexpr size_t kStreams = 3;
  std::barrier together(kStreams);  // holds the first call of each up until all are in theirs
  std::array<int, kStreams> calls{};
  std::array<std::thread::id, kStreams> thread{};
  std::vector<std::function<void()>> works;
  for (size_t i = 0; i < kStreams; ++i) {
    works.emplace_back([&, i] {
      thread[i] = std::this_thread::get_id();
      if (++calls[i] == 1) together.arrive_and_wait();
    });
  }
  const auto result = benchmark_streams(works, {.warmup_seconds = 0, .seconds = 0, .iterations = 20});
  EXPECT_EQ(calls[0] + calls[1] + calls[2], 20);
  EXPECT_EQ(result.iterations(), 20);
  EXPECT_EQ(thread[0], std::this_thread::get_id());
  EXPECT_NE(thread[1], thread[0]);
  EXPECT_NE(thread[1], thread[2]);
}

TEST(Streams, LastFromTheFirstStartToTheLastEnd) {
  const auto nap = [](int ms) { return [ms] { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }; };
  const auto result = benchmark_streams({nap(2), nap(40)}, {.warmup_seconds = 0, .seconds = 0.01});
  EXPECT_GE(result.iterations(), 2);  // at least one of each
  EXPECT_GE(result.seconds, 0.04);    // of the slow one
  EXPECT_GE(result.latency_ms.min(), 2);
  EXPECT_GE(result.latency_ms.max(), 40);
}

TEST(Streams, WhatOneThrowsEndsAll) {
  const std::vector<std::function<void()>> works{[] {}, [] { throw std::runtime_error("no more"); }};
  for (const double warmup : {0.0, 3600.0})  // the other one would run for an hour
    EXPECT_THROW(benchmark_streams(works, {.warmup_seconds = warmup, .seconds = 3600}), std::runtime_error);
  EXPECT_THROW(benchmark_streams({}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace sparsec
