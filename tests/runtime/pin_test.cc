// Pinned threads stay on their cores, and the caller's is pinned during calls only.
#include <gtest/gtest.h>

#if defined(__linux__)
#include <sched.h>

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/core/api.h"
#include "runtime/core/cpu_count.h"
#include "runtime/core/pool.h"
#include "tests/runtime/toy_model.h"

namespace {

using namespace sparsec::rt;

// The CPUs that the calling thread may run on.
std::vector<int> allowed_here() {
  std::vector<int> out;
  CpuSet set;
  EXPECT_TRUE(set.read_affinity());
  for (int cpu = 0; cpu < kMostCpus; ++cpu)
    if (set.has(cpu)) out.push_back(cpu);
  return out;
}

std::vector<int> cores_here() {
  CpuSet set;
  EXPECT_TRUE(set.read_affinity());
  std::vector<int> out(kMaxThreads);
  const int n = physical_cores(set, "", out.data(), kMaxThreads);
  out.resize(size_t(std::min(n, kMaxThreads)));
  return out;
}

// What every thread of a pool sees, and where it runs.
struct Seen {
  std::vector<std::vector<int>> allowed;
  std::vector<int> cpu;
};
Seen look(Pool& pool) {
  Seen seen{std::vector<std::vector<int>>(size_t(pool.threads())), std::vector<int>(size_t(pool.threads()))};
  pool.run(
      [](void* argument, int thread) {
        auto& s = *static_cast<Seen*>(argument);
        s.allowed[size_t(thread)] = allowed_here();
        s.cpu[size_t(thread)] = sched_getcpu();
      },
      &seen);
  return seen;
}

TEST(Pin, EachThreadStaysOnItsCore) {
  const std::vector<int> before = allowed_here(), cores = cores_here();
  Pool pool;
  ASSERT_TRUE(pool.start(int(cores.size()), cores.data()));
  EXPECT_EQ(pool.first_cpu(), cores[0]);
  {
    const PinnedHere here(pool.first_cpu());
    const Seen seen = look(pool);
    for (size_t i = 0; i < cores.size(); ++i) {
      EXPECT_EQ(seen.allowed[i], std::vector<int>{cores[i]}) << i;
      EXPECT_EQ(seen.cpu[i], cores[i]) << i;
    }
  }
  EXPECT_EQ(allowed_here(), before);
  pool.stop();
}

TEST(Pin, NoThreadIsPinnedUnlessAsked) {
  const std::vector<int> before = allowed_here();
  Pool pool;
  ASSERT_TRUE(pool.start(3));
  const PinnedHere nowhere(pool.first_cpu());
  for (const std::vector<int>& allowed : look(pool).allowed) EXPECT_EQ(allowed, before);
  pool.stop();
}

TEST(Pin, StartFailsWhereTheSystemRefuses) {
  const int cpus[] = {0, kMostCpus - 1};  // no machine has this one
  Pool pool;
  EXPECT_FALSE(pool.start(2, cpus));
  EXPECT_EQ(pool.threads(), 1);
}

struct Kept {
  std::vector<int> during;
  std::atomic<int> calls{0};
} kept;
void keep_affinity(const void* const*, int64_t) {
  if (kept.calls++ == 0) kept.during = allowed_here();
}

// A model of one step that looks where it runs.
TEST(Pin, ACallPinsItsCallerAndLetsItGo) {
  const std::vector<int> before = allowed_here(), cores = cores_here();
  const sparsec_call call{keep_affinity, 0, 0, 0};
  const sparsec_step step{"look", 0, 1, 1, 0};
  const sparsec_work work{0, 0, 0, 1, 0, 0};
  sparsec_program program{};
  program.isa = "scalar";
  program.calls = &call;
  program.steps = &step;
  program.n_steps = 1;
  program.schedule = &work;
  program.n_schedule = 1;
  const sparsec_program* programs[] = {&program};
  const sparsec_model model{SPARSEC_ABI_VERSION, 1, "look", "tests", "none", nullptr, nullptr, 0, 0, programs, 1};

  char error[256] = "";
  sparsec_rt_options o{};
  o.struct_bytes = sizeof o;
  o.threads = 1;
  o.error = error;
  o.error_bytes = sizeof error;
  for (size_t core = 0; core < cores.size(); ++core) {
    o.pin = int32_t(core) + 1;
    sparsec_rt_context* context = nullptr;
    ASSERT_EQ(sparsec_rt_create(&model, &o, &context), SPARSEC_OK) << error;
    EXPECT_EQ(allowed_here(), before);
    kept.calls = 0;
    ASSERT_EQ(sparsec_rt_run(context, nullptr, nullptr), SPARSEC_OK);
    EXPECT_EQ(kept.during, std::vector<int>{cores[core]});
    EXPECT_EQ(allowed_here(), before);
    sparsec_rt_destroy(context);
  }

  for (const int32_t pin : {-1, int32_t(cores.size()) + 1, 1 << 30}) {
    o.pin = pin;
    sparsec_rt_context* context = nullptr;
    EXPECT_EQ(sparsec_rt_create(&model, &o, &context), SPARSEC_BAD_ARGUMENT) << pin;
    EXPECT_NE(std::string(error).find("physical core"), std::string::npos) << error;
  }

  // a caller that does not know the field yet
  o.pin = 1 << 30;
  o.struct_bytes = offsetof(sparsec_rt_options, pin);
  sparsec_rt_context* context = nullptr;
  ASSERT_EQ(sparsec_rt_create(&model, &o, &context), SPARSEC_OK) << error;
  kept.calls = 0;
  ASSERT_EQ(sparsec_rt_run(context, nullptr, nullptr), SPARSEC_OK);
  EXPECT_EQ(kept.during, before);
  sparsec_rt_destroy(context);
}

}  // namespace
#endif
