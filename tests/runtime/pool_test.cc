// Threads: shares, barriers, sleeping and waking; and what the CPU says about itself.
#include "runtime/core/pool.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/core/cpu.h"

namespace {

using namespace sparsec::rt;

TEST(Pool, SharesCoverEverythingOnce) {
  for (int64_t total = 0; total < 70; ++total) {
    for (int threads = 1; threads < 20; ++threads) {
      int64_t next = 0, most = 0, least = total;
      for (int t = 0; t < threads; ++t) {
        const Share s = share_of(total, t, threads);
        ASSERT_EQ(s.begin, next);
        next = s.end;
        most = std::max(most, s.end - s.begin);
        least = std::min(least, s.end - s.begin);
      }
      ASSERT_EQ(next, total);
      ASSERT_LE(most - least, 1);
    }
  }
}

struct Count {
  Pool* pool;
  std::vector<int> done;       // per thread, not atomic: run() orders them
  std::vector<int64_t> cells;  // written by one thread, read by its neighbour after a barrier
  int64_t wrong = 0;
  std::atomic<int64_t> mismatches{0};
};

void count(void* argument, int thread) {
  auto& c = *static_cast<Count*>(argument);
  ++c.done[size_t(thread)];
  const int n = c.pool->threads();
  for (int round = 1; round <= 5; ++round) {
    c.cells[size_t(thread)] = round * 100 + thread;
    c.pool->barrier();
    const int next = (thread + 1) % n;
    if (c.cells[size_t(next)] != round * 100 + next) ++c.mismatches;
    c.pool->barrier();
  }
}

TEST(Pool, RunsEveryThreadOncePerJobAndBarriersHold) {
  for (int threads : {1, 2, 3, 8}) {
    Pool pool;
    ASSERT_TRUE(pool.start(threads));
    Count c{&pool, std::vector<int>(size_t(threads)), std::vector<int64_t>(size_t(threads)), 0, {}};
    const int jobs = 400;
    for (int i = 0; i < jobs; ++i) {
      pool.run(count, &c);
      if (i % 100 == 0) {  // long enough for the others to fall asleep
        const timespec pause{0, 2'000'000};
        nanosleep(&pause, nullptr);
      }
    }
    pool.stop();
    for (int n : c.done) EXPECT_EQ(n, jobs);
    EXPECT_EQ(c.mismatches, 0);
  }
}

TEST(Pool, SleepersWakeInsideAJob) {
  Pool pool;
  ASSERT_TRUE(pool.start(2));
  struct Late {
    Pool* pool;
    int value = 0, seen = 0;
  } late{&pool};
  pool.run(
      [](void* argument, int thread) {
        auto& l = *static_cast<Late*>(argument);
        if (thread == 0) {
          const timespec pause{0, 5'000'000};  // the other one sleeps by now
          nanosleep(&pause, nullptr);
          l.value = 42;
        }
        l.pool->barrier();
        if (thread == 1) l.seen = l.value;
      },
      &late);
  EXPECT_EQ(late.seen, 42);
  pool.stop();
}

TEST(Pool, StartsAndStopsManyTimes) {
  for (int i = 0; i < 50; ++i) {
    Pool pool;
    ASSERT_TRUE(pool.start(4));
    pool.stop();
    EXPECT_EQ(pool.threads(), 1);
  }
}

TEST(Cpu, NamesFeatures) {
  char text[128];
  EXPECT_STREQ(sparsec_cpu_text(SPARSEC_CPU_AVX2 | SPARSEC_CPU_AVX512_VNNI, text, sizeof text), "AVX2, AVX512_VNNI");
  EXPECT_STREQ(sparsec_cpu_text(0, text, sizeof text), "none");
  char tiny[6];
  EXPECT_STREQ(sparsec_cpu_text(~0u, tiny, sizeof tiny), "AVX2,");
  char one[1] = {'x'};
  EXPECT_STREQ(sparsec_cpu_text(~0u, one, sizeof one), "");
}

#if defined(__x86_64__)
TEST(Cpu, AgreesWithTheCompiler) {
  const uint32_t f = sparsec_cpu_features();
  EXPECT_EQ((f & SPARSEC_CPU_AVX2) != 0, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ((f & SPARSEC_CPU_AVX512) != 0, __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"));
  EXPECT_EQ((f & SPARSEC_CPU_AVX512_VNNI) != 0, bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ((f & SPARSEC_CPU_AVX512_VBMI) != 0, bool(__builtin_cpu_supports("avx512vbmi")));
  EXPECT_EQ((f & SPARSEC_CPU_AVX_VNNI) != 0, bool(__builtin_cpu_supports("avxvnni")));
}
#endif

}  // namespace
