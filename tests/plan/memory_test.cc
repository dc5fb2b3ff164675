// Buffers that live at the same time never overlap, and the arena is not much larger than what lives at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "compiler/passes/passes.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/slots.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {

bool overlap(int64_t a, int64_t a_end, int64_t b, int64_t b_end) { return a < b_end && b < a_end; }

void expect_disjoint(const std::vector<Buffer>& buffers, int64_t arena) {
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Buffer& a = buffers[i];
    if (a.last < 0) continue;
    EXPECT_EQ(a.offset % 64, 0) << a.name;
    EXPECT_GE(a.offset, 0) << a.name;
    EXPECT_LE(a.offset + a.bytes, arena) << a.name;
    for (size_t j = 0; j < i; ++j) {
      const Buffer& b = buffers[j];
      if (b.last < 0 || !overlap(a.first, a.last + 1, b.first, b.last + 1)) continue;
      EXPECT_FALSE(overlap(a.offset, a.offset + a.bytes, b.offset, b.offset + b.bytes)) << a.name << " and " << b.name;
    }
  }
}

int64_t most_alive(const std::vector<Buffer>& buffers) {
  int64_t most = 0;
  for (const Buffer& at : buffers) {
    int64_t alive = 0;
    for (const Buffer& b : buffers)
      if (b.first <= at.first && at.first <= b.last) alive += (b.bytes + 63) / 64 * 64;
    most = std::max(most, alive);
  }
  return most;
}

TEST(Memory, LiveBuffersNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Buffer> buffers(1 + random() % 40);
    for (size_t i = 0; i < buffers.size(); ++i) {
      Buffer& b = buffers[i];
      b.name = "b" + std::to_string(i);
      b.bytes = 1 + int64_t(random() % (random() % 2 ? 300 : 100000));
      if (random() % 10 == 0) continue;  // nobody touches it
      b.first = int32_t(random() % 30);
      b.last = b.first + int32_t(random() % 12);
    }
    const int64_t arena = place_buffers(buffers);
    expect_disjoint(buffers, arena);
    EXPECT_GE(arena, most_alive(buffers) - 64 * int64_t(buffers.size()));
    EXPECT_LE(arena, 2 * most_alive(buffers) + 64) << "round " << round;
  }
}

TEST(Memory, AChainNeedsTwoBuffers) {
  std::vector<Buffer> buffers;
  for (int32_t i = 0; i < 8; ++i) buffers.push_back({"b", 6400, i, i + 1, 0});
  EXPECT_EQ(place_buffers(buffers), 2 * 6400);
}

TEST(Memory, PlansOfRandomGraphs) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    PlanOptions options;
    options.l2_bytes = 16 << 10;
    options.band_tiles = 1;
    const Plan plan = make_plan(graph, *find_isa("avx2"), options);
    expect_disjoint(plan.places.buffers, plan.program.arena_bytes);
    for (const sparsec_pointer& p : plan.program.pointers) {
      if (p.space != SPARSEC_ARENA) continue;
      EXPECT_GE(p.offset, 0) << "seed " << seed;
      EXPECT_LT(p.offset, plan.program.arena_bytes) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace sparsec
