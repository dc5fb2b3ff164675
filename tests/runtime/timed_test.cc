// A timed run does what a run does, and its times are of that run.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "runtime/core/api.h"
#include "tests/runtime/toy_model.h"

namespace {

using namespace toy_tables;

class TimedRun : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    sparsec_rt_options options{};
    options.struct_bytes = sizeof options;
    options.threads = GetParam();
    ASSERT_EQ(sparsec_rt_create(&kBatchOfTwo, &options, &context_), SPARSEC_OK);
    for (size_t i = 0; i < in_.size(); ++i) in_[i] = float(i * 7919 % 1000) / 1000;
  }
  void TearDown() override { sparsec_rt_destroy(context_); }

  size_t entries() const { return sparsec_rt_program(context_)->n_schedule; }

  sparsec_rt_context* context_ = nullptr;
  std::vector<float> in_ = std::vector<float>(2 * kInputFloats);
};

// Room for both outputs of both pictures, and run's arguments.
struct Outputs {
  std::vector<float> boxes = std::vector<float>(2 * kOutputFloats), negative = std::vector<float>(2 * kInputFloats);
  void* pointers[2] = {boxes.data(), negative.data()};
};

TEST_P(TimedRun, ComputesTheSame) {
  Outputs plain, timed;
  const void* inputs[] = {in_.data()};
  std::vector<sparsec_rt_entry_time> times(size_t(GetParam()) * entries());
  ASSERT_EQ(sparsec_rt_run(context_, inputs, plain.pointers), SPARSEC_OK);
  ASSERT_EQ(sparsec_rt_run_timed(context_, inputs, timed.pointers, times.data()), SPARSEC_OK);
  EXPECT_EQ(plain.boxes, timed.boxes);
  EXPECT_EQ(plain.negative, timed.negative);
}

TEST_P(TimedRun, AddsTimesThatFitIntoTheRun) {
  Outputs out;
  const void* inputs[] = {in_.data()};
  constexpr uint64_t kBefore = 1000;
  std::vector<sparsec_rt_entry_time> times(size_t(GetParam()) * entries(), {kBefore, kBefore});
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(sparsec_rt_run_timed(context_, inputs, out.pointers, times.data()), SPARSEC_OK);
  const std::chrono::nanoseconds whole = std::chrono::steady_clock::now() - start;
  for (int t = 0; t < GetParam(); ++t) {
    uint64_t sum = 0;
    for (size_t e = 0; e < entries(); ++e) {
      const sparsec_rt_entry_time& time = times[size_t(t) * entries() + e];
      ASSERT_GE(time.work, kBefore);
      ASSERT_GE(time.wait, kBefore);
      sum += time.work + time.wait - 2 * kBefore;
    }
    EXPECT_GT(sum, 0U) << "thread " << t;
    EXPECT_LE(sum, uint64_t(whole.count())) << "thread " << t;
  }
}

TEST_P(TimedRun, RefusesNoPlaceForTimes) {
  Outputs out;
  const void* inputs[] = {in_.data()};
  EXPECT_EQ(sparsec_rt_run_timed(context_, inputs, out.pointers, nullptr), SPARSEC_BAD_ARGUMENT);
  EXPECT_EQ(sparsec_rt_run_timed(nullptr, inputs, out.pointers, nullptr), SPARSEC_BAD_ARGUMENT);
}

INSTANTIATE_TEST_SUITE_P(Threads, TimedRun, ::testing::Values(1, 2, 5));

}  // namespace
