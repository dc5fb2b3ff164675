// A schedule in bands: one thread walks it as it is, threads that share a picture walk it so or layer by layer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "runtime/core/api.h"
#include "runtime/core/context.h"

namespace {

constexpr int kTiles = 12;
constexpr int64_t kHanded = 1000;

struct Visit {
  int step;
  int64_t begin, tiles;
  bool operator==(const Visit&) const = default;
  bool operator<(const Visit& other) const { return std::pair(step, begin) < std::pair(other.step, other.begin); }
};
std::mutex mutex;
std::vector<Visit> visits;

// p[0]: the tile's number in the output; p[1]: that of tile 0.
template <int step>
void visit(const void* const* p, int64_t tiles) {
  auto* out = static_cast<float*>(const_cast<void*>(p[0]));
  const std::lock_guard lock(mutex);
  visits.push_back({step, out - static_cast<const float*>(p[1]), tiles});
  for (int64_t i = 0; i < tiles; ++i) out[i] += float(step + 1);
}

const sparsec_pointer kPointers[] = {{SPARSEC_OUTPUT, 0, 0, 4, 0}, {SPARSEC_OUTPUT, 0, 0, 0, 0}};
const sparsec_call kCalls[] = {{visit<0>, 0, 2, 0}, {visit<1>, 0, 2, 0}};
const sparsec_step kSteps[] = {{"first", 0, 1, kTiles, 0}, {"second", 1, 1, kTiles, 0}};
const sparsec_work kSchedule[] = {
    {0, 1, 0, 8, kHanded, 0}, {1, 1, 0, 6, kHanded, 0}, {0, 1, 8, kTiles, kHanded, 0}, {1, 1, 6, kTiles, kHanded, 0}};

// What is visited, in order, by each way through the schedule; by several threads, in order of step and tile.
std::vector<Visit> visited(int threads, int64_t caches) {
  sparsec_program program{};
  program.isa = "scalar";
  program.arena_bytes = 64;
  program.pointers = kPointers;
  program.calls = kCalls;
  program.steps = kSteps;
  program.n_steps = 2;
  program.schedule = kSchedule;
  program.n_schedule = 4;
  const sparsec_program* const programs[] = {&program};
  const sparsec_tensor out{"out", SPARSEC_F32, 2, {1, kTiles}};
  const sparsec_model model{SPARSEC_ABI_VERSION, 1, "bands", "tests", "none", nullptr, &out, 0, 1, programs, 1};
  sparsec_rt_options options{};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  sparsec_rt_context* context = nullptr;
  EXPECT_EQ(sparsec_rt_create(&model, &options, &context), SPARSEC_OK);
  EXPECT_GT(context->caches, 0);
  context->caches = caches;
  std::vector<float> values(kTiles, 0);
  void* const outputs[] = {values.data()};
  visits.clear();
  EXPECT_EQ(sparsec_rt_run(context, nullptr, outputs), SPARSEC_OK);
  sparsec_rt_destroy(context);
  EXPECT_EQ(values, std::vector<float>(kTiles, 3)) << "every step once at every tile";
  if (threads > 1) std::sort(visits.begin(), visits.end());
  return visits;
}

TEST(Bands, OneThreadGoesBandByBand) {
  const std::vector<Visit> expected{{0, 0, 8}, {1, 0, 6}, {0, 8, 4}, {1, 6, 6}};
  EXPECT_EQ(visited(1, kHanded - 1), expected);
  EXPECT_EQ(visited(1, kHanded), expected);
}

TEST(Bands, ThreadsShareBands) {
  const std::vector<Visit> expected{{0, 0, 4}, {0, 4, 4}, {0, 8, 2}, {0, 10, 2},
                                    {1, 0, 3}, {1, 3, 3}, {1, 6, 3}, {1, 9, 3}};
  EXPECT_EQ(visited(2, kHanded - 1), expected);
}

TEST(Bands, ThreadsShareLayers) {
  const std::vector<Visit> expected{{0, 0, 6}, {0, 6, 6}, {1, 0, 6}, {1, 6, 6}};
  EXPECT_EQ(visited(2, kHanded), expected);
}

}  // namespace
