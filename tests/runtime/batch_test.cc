// A batch: which thread works on which picture, in which arena; and that the results do not depend on it.
#include <gtest/gtest.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "runtime/core/api.h"
#include "runtime/core/context.h"
#include "runtime/core/run.h"

namespace {

using namespace sparsec::rt;

// Two steps of a model whose tiles are numbers: the first doubles a picture's numbers into the arena, the second takes
// from there the mirrored tile's, which another thread has written where threads share the picture, and adds the tile's
// number. A second output tells who made each tile.
constexpr int kTiles = 12;

void make_double(const void* const* p, int64_t tiles) {
  for (int64_t i = 0; i < tiles; ++i) {
    const float value = 2 * static_cast<const float*>(p[1])[i];
    std::memcpy(static_cast<char*>(const_cast<void*>(p[0])) + 4 * i, &value, 4);
  }
}

void add_mirrored(const void* const* p, int64_t tiles) {
  auto* out = static_cast<float*>(const_cast<void*>(p[0]));
  auto* maker = static_cast<int32_t*>(const_cast<void*>(p[1]));
  const auto* arena = static_cast<const float*>(p[2]);
  const int64_t first = out - static_cast<const float*>(p[3]);
  for (int64_t i = 0; i < tiles; ++i) {
    out[i] = arena[kTiles - 1 - (first + i)] + float(first + i);
    maker[i] = int32_t(gettid());
  }
}

const sparsec_pointer kPointers[] = {{SPARSEC_ARENA, 0, 0, 4, 0},  {SPARSEC_INPUT, 0, 0, 4, 0},
                                     {SPARSEC_OUTPUT, 0, 0, 4, 0}, {SPARSEC_OUTPUT, 1, 0, 4, 0},
                                     {SPARSEC_ARENA, 0, 0, 0, 0},  {SPARSEC_OUTPUT, 0, 0, 0, 0}};
const sparsec_call kCalls[] = {{make_double, 0, 2, 0}, {add_mirrored, 2, 4, 0}};
const sparsec_step kSteps[] = {{"double", 0, 1, kTiles, 0}, {"add", 1, 1, kTiles, 0}};
const sparsec_work kSchedule[] = {{0, 1, 0, kTiles, 0, 0}, {1, 0, 0, kTiles, 0, 0}};

struct Model {
  explicit Model(int64_t batch) {
    program.isa = "scalar";
    program.arena_bytes = 4 * kTiles;
    program.pointers = kPointers;
    program.calls = kCalls;
    program.steps = kSteps;
    program.n_steps = 2;
    program.schedule = kSchedule;
    program.n_schedule = 2;
    tensors[0] = {"in", SPARSEC_F32, 2, {batch, kTiles}};
    tensors[1] = {"out", SPARSEC_F32, 2, {batch, kTiles}};
    tensors[2] = {"maker", SPARSEC_S32, 2, {batch, kTiles}};
    model = {SPARSEC_ABI_VERSION, uint32_t(batch), "batch", "tests", "none", tensors, tensors + 1, 1, 2, programs, 1};
  }
  sparsec_program program{};
  const sparsec_program* programs[1] = {&program};
  sparsec_tensor tensors[3];
  sparsec_model model;
};

class Batch : public ::testing::TestWithParam<std::tuple<int, int>> {
 protected:
  int batch() const { return std::get<0>(GetParam()); }
  int threads() const { return std::get<1>(GetParam()); }

  void SetUp() override {
    sparsec_rt_options o{};
    o.struct_bytes = sizeof o;
    o.threads = threads();
    ASSERT_EQ(sparsec_rt_create(&model_.model, &o, &context_), SPARSEC_OK);
    for (size_t i = 0; i < in_.size(); ++i) in_[i] = float(i * i % 1009);
  }
  void TearDown() override { sparsec_rt_destroy(context_); }

  void expect_results() {
    for (int i = 0; i < batch() * kTiles; ++i) {
      const int picture = i / kTiles, tile = i % kTiles;
      ASSERT_EQ(out_[size_t(i)], 2 * in_[size_t(picture * kTiles + kTiles - 1 - tile)] + float(tile)) << i;
    }
  }
  size_t makers(int picture) const {
    const auto first = maker_.begin() + picture * kTiles;
    return std::set<int32_t>(first, first + kTiles).size();
  }
  // A picture is made by one thread while there are as many as threads, and by all (of which 12 have tiles) after that.
  void expect_makers() const {
    const auto whole = int(pictures_alone(uint32_t(batch()), threads()));
    for (int i = 0; i < batch(); ++i)
      EXPECT_EQ(makers(i), i < whole ? 1U : size_t(std::min(threads(), kTiles))) << "picture " << i;
  }

  Model model_{batch()};
  sparsec_rt_context* context_ = nullptr;
  std::vector<float> in_ = std::vector<float>(size_t(batch()) * kTiles), out_ = in_;
  std::vector<int32_t> maker_ = std::vector<int32_t>(in_.size());
  const void* inputs_[1] = {in_.data()};
  void* outputs_[2] = {out_.data(), maker_.data()};
};

TEST_P(Batch, GoesAPictureAThreadWhileThereAreAsManyAsThreads) {
  for (int again = 0; again < 20; ++again) {
    std::fill(out_.begin(), out_.end(), -1.0f);
    ASSERT_EQ(sparsec_rt_run(context_, inputs_, outputs_), SPARSEC_OK);
    expect_results();
    expect_makers();
  }
}

TEST_P(Batch, GoesTheSameWayByTheClock) {
  std::vector<sparsec_rt_entry_time> times(size_t(threads()) * 2);
  ASSERT_EQ(sparsec_rt_run_timed(context_, inputs_, outputs_, times.data()), SPARSEC_OK);
  expect_results();
  expect_makers();
}

INSTANTIATE_TEST_SUITE_P(PicturesAndThreads, Batch,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4, 7, 16), ::testing::Values(1, 2, 3, 4, 15)));

TEST(Batch, CountsPicturesOfAThreadEach) {
  EXPECT_EQ(pictures_alone(64, 1), 0U);  // one thread needs no second way
  EXPECT_EQ(pictures_alone(1, 2), 0U);
  EXPECT_EQ(pictures_alone(2, 2), 2U);
  EXPECT_EQ(pictures_alone(7, 3), 6U);
  EXPECT_EQ(pictures_alone(63, 64), 0U);
}

TEST(Batch, HasAnArenaAThreadWhereItNeedsThem) {
  const Model many(4), few(3);
  const auto layout = [](const Model& m, int threads) { return layout_of(m.model, m.program, threads); };
  EXPECT_EQ(layout(few, 4).arenas, 1U);
  EXPECT_EQ(layout(many, 1).arenas, 1U);
  const Layout l = layout(many, 4);
  EXPECT_EQ(l.arenas, 4U);
  EXPECT_EQ(l.arena % 4096, 0U);  // no page belongs to two threads
  EXPECT_EQ(l.arena_stride, 4096U);
  EXPECT_GE(l.total, l.arena + 4 * l.arena_stride);
}

#if defined(__linux__)
bool is_there(const void* page) {
  unsigned char there = 0;
  EXPECT_EQ(mincore(const_cast<void*>(page), 1, &there), 0);
  return (there & 1) != 0;
}

TEST(Batch, ArenasAreFirstTouchedByARun) {
  void* fresh = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(fresh, MAP_FAILED);
  const bool told = !is_there(fresh);
  munmap(fresh, 4096);
  if (!told) GTEST_SKIP() << "this system does not tell which pages are there";

  const Model m(2);
  sparsec_rt_options o{};
  o.struct_bytes = sizeof o;
  o.threads = 2;
  sparsec_rt_context* context = nullptr;
  ASSERT_EQ(sparsec_rt_create(&m.model, &o, &context), SPARSEC_OK);
  EXPECT_FALSE(is_there(context->arena));
  EXPECT_FALSE(is_there(context->arena + context->arena_stride));
  std::vector<float> in(2 * kTiles), out(2 * kTiles);
  std::vector<int32_t> maker(2 * kTiles);
  const void* inputs[] = {in.data()};
  void* outputs[] = {out.data(), maker.data()};
  ASSERT_EQ(sparsec_rt_run(context, inputs, outputs), SPARSEC_OK);
  EXPECT_TRUE(is_there(context->arena) || is_there(context->arena + context->arena_stride));
  sparsec_rt_destroy(context);
}
#endif

TEST(Batch, ZeroesTheArenasInACallersMemory) {
  const Model m(4);
  for (const int threads : {1, 2, 3, 8}) {
    const size_t bytes = sparsec_rt_context_bytes(&m.model, threads);
    std::vector<unsigned char> memory(bytes, 0xa5);
    sparsec_rt_options o{};
    o.struct_bytes = sizeof o;
    o.threads = threads;
    o.memory = memory.data();
    o.memory_bytes = bytes;
    sparsec_rt_context* context = nullptr;
    ASSERT_EQ(sparsec_rt_create(&m.model, &o, &context), SPARSEC_OK);
    const Layout l = layout_of(m.model, m.program, threads);
    for (size_t i = 0; i < l.arenas * l.arena_stride; ++i) ASSERT_EQ(context->arena[i], 0) << threads << ", " << i;
    sparsec_rt_destroy(context);
  }
}

}  // namespace
