// Schedules: every tile of every step exactly once, nothing read before it is written, and the same bits with columns
// and without.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {

PlanOptions small_cache(bool columns) {
  PlanOptions options;
  options.columns = columns;
  options.l2_bytes = 16 << 10;
  options.band_tiles = 1;
  return options;
}

// Steps made by hand: `schedule_columns` without a graph. Tensors are one plane each, of `pixels` pixels.
struct Bench {
  Plan plan;
  std::vector<StepExtent> extents;

  StepExtent::Planes tensor(int32_t buffer, int64_t pitch, int64_t rows) {
    while (plan.places.buffers.size() <= size_t(buffer)) plan.places.buffers.push_back({});
    plan.places.buffers[size_t(buffer)].bytes = pitch * rows * 4;
    return {buffer, 0, pitch * rows * 4, pitch, pitch * rows};
  }
  void step(StepExtent extent, int64_t tiles) {
    StepImage step;
    step.name = "step" + std::to_string(extents.size());
    step.tiles = tiles;
    const auto index = int32_t(extents.size());
    for (const auto* side : {&extent.reads, &extent.writes})
      for (const StepExtent::Planes& p : *side) {
        Buffer& b = plan.places.buffers[size_t(p.buffer)];
        b.first = std::min(b.first, index);
        b.last = std::max(b.last, index);
      }
    plan.program.steps.push_back(step);
    extents.push_back(std::move(extent));
  }

  // Replays the schedule: pixels of each buffer that are there, against those that each tile reads.
  void check() const {
    std::vector<int64_t> done(extents.size(), 0);
    for (const sparsec_work& work : plan.program.schedule) {
      const StepExtent& e = extents[work.step];
      EXPECT_EQ(work.begin, done[work.step]) << "step " << work.step;  // in order, none twice, none left out
      EXPECT_LT(work.begin, work.end);
      for (const StepExtent::Planes& r : e.reads) {
        const int64_t needed =
            std::min(r.pixels, e.tiles == StepExtent::Tiles::rows ? work.end * e.rows_per_tile * r.pitch
                                                                  : work.end * e.pixels_per_tile + e.reach);
        for (size_t w = 0; w < work.step; ++w)
          for (const StepExtent::Planes& made : extents[w].writes) {
            if (made.buffer != r.buffer) continue;
            const int64_t there =
                done[w] == plan.program.steps[w].tiles ? r.pixels : done[w] * extents[w].pixels_per_tile;
            EXPECT_GE(there, needed) << "step " << work.step << " up to tile " << work.end << " reads step " << w;
          }
      }
      done[work.step] = work.end;
    }
    for (size_t s = 0; s < extents.size(); ++s) EXPECT_EQ(done[s], plan.program.steps[s].tiles) << "step " << s;
  }
};

StepExtent flat(std::vector<StepExtent::Planes> reads, std::vector<StepExtent::Planes> writes, int64_t reach) {
  StepExtent e;
  e.tiles = StepExtent::Tiles::vectors;
  e.pixels_per_tile = 16;
  e.reach = reach;
  e.reads = std::move(reads);
  e.writes = std::move(writes);
  return e;
}

// Three 3x3 convolutions of 40 x 40 pixels one after the other, in a cache that holds a fraction of them.
Bench three_convolutions() {
  Bench bench;
  const int64_t pitch = 41, rows = 40, tiles = (pitch * rows + 15) / 16;
  for (int32_t i = 0; i < 3; ++i)
    bench.step(flat({bench.tensor(i, pitch, rows)}, {bench.tensor(i + 1, pitch, rows)}, pitch + 1), tiles);
  return bench;
}

TEST(Columns, SolveHalos) {
  Bench bench = three_convolutions();
  schedule_columns(bench.plan, bench.extents, small_cache(true));
  ASSERT_EQ(bench.plan.groups.size(), 1u);
  EXPECT_EQ(bench.plan.groups[0].first, 0);
  EXPECT_EQ(bench.plan.groups[0].last, 2);
  EXPECT_GT(bench.plan.groups[0].bands, 1);
  EXPECT_LE(bench.plan.groups[0].working_set, (16 << 10) * 3 / 4);
  bench.check();
  // the first band of each step goes one row and a pixel further than that of the next
  const auto& s = bench.plan.program.schedule;
  ASSERT_GE(s.size(), 3u);
  EXPECT_EQ(s[0].end, (s[1].end * 16 + 42 + 15) / 16);
  EXPECT_EQ(s[1].end, (s[2].end * 16 + 42 + 15) / 16);
}

// Its calls run one after the other over a band: one call's weights share the cache with it, not the layer's.
TEST(Columns, ALayerWhoseWeightsOutweighTheCacheIsCutAllTheSame) {
  Bench bench;
  const int64_t pitch = 41, rows = 400, tiles = (pitch * rows + 15) / 16;
  StepExtent e = flat({bench.tensor(0, pitch, rows)}, {bench.tensor(1, pitch, rows)}, 0);
  e.code = 40 << 10;
  e.largest_call = 4 << 10;
  bench.step(e, tiles);
  bench.plan.program.steps[0].calls = 10;
  bench.plan.program.calls.resize(10);
  schedule_columns(bench.plan, bench.extents, small_cache(true));
  ASSERT_EQ(bench.plan.groups.size(), 1u);
  EXPECT_EQ(bench.plan.groups[0].bands, 9);  // 65,600 bytes read and a tenth of those written into 8 KiB
  EXPECT_LE(bench.plan.groups[0].working_set, (16 << 10) * 3 / 4);
  bench.check();
}

TEST(Columns, BuffersOfABandedGroupLiveAsLongAsIt) {
  Bench bench = three_convolutions();
  schedule_columns(bench.plan, bench.extents, small_cache(true));
  for (const Buffer& b : bench.plan.places.buffers) {
    EXPECT_EQ(b.first, 0);
    EXPECT_EQ(b.last, 2);
  }
}

TEST(Columns, OffRunsOneStepAfterTheOther) {
  Bench bench = three_convolutions();
  schedule_columns(bench.plan, bench.extents, small_cache(false));
  EXPECT_EQ(bench.plan.groups.size(), 3u);
  EXPECT_EQ(bench.plan.program.schedule.size(), 3u);
  bench.check();
}

TEST(Columns, RandomChainsReadOnlyWhatIsThere) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Bench bench;
    int64_t pitch = 20 + int64_t(random() % 40), rows = 8 + int64_t(random() % 40);
    const int steps = 2 + int(random() % 6);
    bench.tensor(0, pitch, rows);
    for (int32_t i = 0; i < steps; ++i) {
      std::vector<StepExtent::Planes> reads{bench.tensor(i, pitch, rows)};
      if (random() % 4 == 0 && rows > 8) {  // a step of rows that halves the picture
        StepExtent e;
        e.tiles = StepExtent::Tiles::rows;
        e.rows_per_tile = 2;
        e.reads = reads;
        rows /= 2;
        e.writes = {bench.tensor(i + 1, pitch, rows)};
        e.pixels_per_tile = pitch;
        bench.step(e, rows);
        // tensors that are read later must have one geometry: begin anew
        continue;
      }
      const int64_t reach = random() % 2 ? 0 : int64_t(random() % 3) * pitch + 1;
      bench.step(flat(reads, {bench.tensor(i + 1, pitch, rows)}, reach), (pitch * rows + 15) / 16);
    }
    schedule_columns(bench.plan, bench.extents, small_cache(true));
    bench.check();
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(Columns, EveryTileOfEveryStepOnce) {
  int banded = 0;
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    for (const Isa* isa : all_isas()) {
      const Plan plan = make_plan(graph, *isa, small_cache(true));
      std::vector<int64_t> done(plan.program.steps.size(), 0);
      for (const sparsec_work& work : plan.program.schedule) {
        ASSERT_EQ(work.begin, done[work.step]) << "seed " << seed;
        ASSERT_LT(work.begin, work.end) << "seed " << seed;
        done[work.step] = work.end;
      }
      for (size_t s = 0; s < done.size(); ++s) ASSERT_EQ(done[s], plan.program.steps[s].tiles) << "seed " << seed;
      int32_t next = 0;  // groups partition the steps
      for (const ColumnGroup& g : plan.groups) {
        ASSERT_EQ(g.first, next);
        next = g.last + 1;
        banded += g.bands > 1;
      }
      ASSERT_EQ(size_t(next), plan.program.steps.size());
    }
  }
  EXPECT_GT(banded, 20);  // else the cache above is too large to show anything
}

// What groups hand on to each other lives long: cut shorter, they need no more than layer by layer.
TEST(Columns, ArenaIsNoLargerThanItMayBe) {
  int larger = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    const Isa& isa = *find_isa("avx2");
    const int64_t layers = make_plan(graph, isa, small_cache(false)).program.arena_bytes;
    PlanOptions options = small_cache(true);
    larger += make_plan(graph, isa, options).program.arena_bytes > layers;
    options.group_bytes = 64 << 10;  // tried down to a 64th of it
    options.arena_bytes = layers;
    EXPECT_LE(make_plan(graph, isa, options).program.arena_bytes, layers) << "seed " << seed;
  }
  EXPECT_GT(larger, 5);  // else nothing had to be cut
}

// A graph small enough to follow by eye, as --dump-plan prints it. SPARSEC_UPDATE_GOLDEN=1 writes the file anew.
TEST(Columns, DumpOfASmallPlan) {
  const Graph graph = align_slots(passes::lower_strides(testing::small_graph()));
  const Plan plan = make_plan(graph, *find_isa("avx512_vnni"), small_cache(true));
  const std::string path = std::string(SPARSEC_SOURCE_DIR) + "/tests/plan/golden/small_plan.txt";
  const std::string text = print(plan, graph);
  if (std::getenv("SPARSEC_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
  std::stringstream golden;
  golden << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text, golden.str());
}

}  // namespace
}  // namespace sparsec
