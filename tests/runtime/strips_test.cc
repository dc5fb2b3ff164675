// Pictures in strips through the runtime: each strip in an arena of its own, rows at its edges copied from its
// neighbours', and the same results for any number of strips, threads and pictures.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "runtime/core/api.h"
#include "runtime/core/context.h"
#include "runtime/core/run.h"

namespace {

using namespace sparsec::rt;

// A picture is a column of numbers, which kRounds times become the weighted sum of themselves and those above and
// below, beyond the picture 0. A tile is a number. Each round writes one of two fields and reads the other, so that
// what neighbours read is overwritten two rounds later.
constexpr int kRows = 24, kRounds = 6;
constexpr int64_t kField = 256;  // bytes, of which the first and the last of a strip's rows are its neighbours'

float* floats(const void* p) { return static_cast<float*>(const_cast<void*>(p)); }

void zero(const void* const* p, int64_t) { *floats(p[0]) = *floats(p[1]) = 0; }
void copy(const void* const* p, int64_t tiles) { std::memcpy(floats(p[0]), p[1], size_t(tiles) * 4); }
void add_up(const void* const* p, int64_t tiles) {
  const float* in = floats(p[1]);
  for (int64_t i = 0; i < tiles; ++i) floats(p[0])[i] = in[i] + 2 * in[i + 1] - 3 * in[i + 2];
}
void deliver(const void* const* p, int64_t tiles) {
  copy(p, tiles);
  auto* maker = static_cast<int32_t*>(const_cast<void*>(p[2]));
  std::fill_n(maker, tiles, int32_t(gettid()));
}

// The tables of a model of so many strips and pictures.
struct Model {
  Model(int strips, int64_t batch) {
    const int64_t rows = kRows / strips;
    const auto field = [](int f, int64_t row) { return f * kField + 4 * (row + 1); };
    const auto arena = [](int64_t offset, int64_t stride) {
      return sparsec_pointer{SPARSEC_ARENA, 0, offset, stride, 0};
    };
    program.arena_bytes = 2 * kField;
    const auto stride = int64_t(program.arena_bytes);
    const auto caller = [rows](uint32_t space, uint32_t index) {
      return sparsec_pointer{space, index, 0, 4, 4 * rows};
    };
    for (int f = 0; f < 2; ++f) {
      call(zero, {arena(field(f, -1), 0), arena(field(f, rows), 0)});
      step("border", 1);
    }
    call(copy, {arena(field(0, 0), 4), caller(SPARSEC_INPUT, 0)});
    step("begin", rows);
    for (int round = 0; round < kRounds; ++round) {
      const int from = round % 2, to = 1 - from;
      if (strips > 1) {
        call(copy, {arena(field(from, -1), 0), arena(field(from, rows - 1) - stride, 0)}, -1);
        call(copy, {arena(field(from, rows), 0), arena(field(from, 0) + stride, 0)}, 1);
        step("edges", 1, true);
      }
      call(add_up, {arena(field(to, 0), 4), arena(field(from, -1), 4)});
      step("add up", rows);
    }
    call(deliver, {caller(SPARSEC_OUTPUT, 0), arena(field(kRounds % 2, 0), 4), caller(SPARSEC_OUTPUT, 1)});
    step("deliver", rows);

    program.isa = "scalar";
    program.strips = uint32_t(strips);
    program.pointers = pointers.data();
    program.calls = calls.data();
    program.steps = steps.data();
    program.n_steps = uint32_t(steps.size());
    program.schedule = schedule.data();
    program.n_schedule = uint32_t(schedule.size());
    tensors[0] = {"in", SPARSEC_F32, 2, {batch, kRows}};
    tensors[1] = {"out", SPARSEC_F32, 2, {batch, kRows}};
    tensors[2] = {"maker", SPARSEC_S32, 2, {batch, kRows}};
    model = {SPARSEC_ABI_VERSION, uint32_t(batch), "strips", "tests", "none", tensors, tensors + 1, 1, 2, programs, 1};
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  void call(sparsec_kernel kernel, const std::vector<sparsec_pointer>& of, int32_t neighbour = 0) {
    calls.push_back({kernel, uint32_t(pointers.size()), uint32_t(of.size()), neighbour});
    pointers.insert(pointers.end(), of.begin(), of.end());
    ++calls_of_step;
  }
  void step(const char* name, int64_t tiles, bool edges = false) {
    const auto number = uint32_t(steps.size());
    steps.push_back({name, uint32_t(calls.size()) - calls_of_step, calls_of_step, tiles, 0});
    schedule.push_back({number, 1, 0, tiles, 0, edges});
    calls_of_step = 0;
  }

  uint32_t calls_of_step = 0;
  std::vector<sparsec_pointer> pointers;
  std::vector<sparsec_call> calls;
  std::vector<sparsec_step> steps;
  std::vector<sparsec_work> schedule;
  sparsec_program program{};
  const sparsec_program* programs[1] = {&program};
  sparsec_tensor tensors[3];
  sparsec_model model;
};

std::vector<float> expected(std::vector<float> x) {
  for (size_t first = 0; first < x.size(); first += kRows)
    for (int round = 0; round < kRounds; ++round) {
      const std::vector<float> before(x.begin() + ptrdiff_t(first), x.begin() + ptrdiff_t(first) + kRows);
      const auto at = [&](int row) { return row < 0 || row >= kRows ? 0.0f : before[size_t(row)]; };
      for (int row = 0; row < kRows; ++row) x[first + size_t(row)] = at(row - 1) + 2 * at(row) - 3 * at(row + 1);
    }
  return x;
}

class StripsWalk : public ::testing::TestWithParam<std::tuple<int, int, int>> {
 protected:
  int strips() const { return std::get<0>(GetParam()); }
  int threads() const { return std::get<1>(GetParam()); }
  int batch() const { return std::get<2>(GetParam()); }

  void SetUp() override {
    sparsec_rt_options o{};
    o.struct_bytes = sizeof o;
    o.threads = threads();
    ASSERT_EQ(sparsec_rt_create(&model_.model, &o, &context_), SPARSEC_OK);
    for (size_t i = 0; i < in_.size(); ++i) in_[i] = float(int(i * i % 17) - 8);
  }
  void TearDown() override { sparsec_rt_destroy(context_); }

  std::set<int32_t> makers(int picture, int strip, int of) const {
    const auto first = maker_.begin() + picture * kRows + strip * (kRows / of);
    return {first, first + kRows / of};
  }
  // Pictures that have a thread each are its own as a whole; of those that threads share, strips are, where there are
  // as many.
  void expect_makers() const {
    const auto whole = int(pictures_alone(uint32_t(batch()), threads()));
    for (int picture = 0; picture < batch(); ++picture) {
      const std::set<int32_t> all = makers(picture, 0, 1);
      if (picture < whole || threads() == 1) {
        EXPECT_EQ(all.size(), 1U) << "picture " << picture;
      } else if (strips() % threads() == 0) {
        EXPECT_EQ(all.size(), size_t(threads())) << "picture " << picture;
        for (int strip = 0; strip < strips(); ++strip) EXPECT_EQ(makers(picture, strip, strips()).size(), 1U);
      } else {
        EXPECT_EQ(all.size(), size_t(threads())) << "picture " << picture;
      }
    }
  }

  Model model_{strips(), batch()};
  sparsec_rt_context* context_ = nullptr;
  std::vector<float> in_ = std::vector<float>(size_t(batch()) * kRows), out_ = in_;
  std::vector<int32_t> maker_ = std::vector<int32_t>(in_.size());
  const void* inputs_[1] = {in_.data()};
  void* outputs_[2] = {out_.data(), maker_.data()};
};

TEST_P(StripsWalk, GivesTheSame) {
  const std::vector<float> wanted = expected(in_);
  for (int again = 0; again < 50; ++again) {
    std::fill(out_.begin(), out_.end(), -1.0f);
    ASSERT_EQ(sparsec_rt_run(context_, inputs_, outputs_), SPARSEC_OK);
    ASSERT_EQ(out_, wanted);
    expect_makers();
  }
}

TEST_P(StripsWalk, GivesTheSameByTheClock) {
  const size_t entries = model_.schedule.size();
  std::vector<sparsec_rt_entry_time> times(size_t(threads()) * entries);
  for (int again = 0; again < 10; ++again)
    ASSERT_EQ(sparsec_rt_run_timed(context_, inputs_, outputs_, times.data()), SPARSEC_OK);
  EXPECT_EQ(out_, expected(in_));
  expect_makers();
  if (threads() == 1 || strips() % threads() != 0 || pictures_alone(uint32_t(batch()), threads()) > 0) return;
  // Who has strips of its own waits before the copies of edges; behind other entries only at the end of a picture.
  for (int thread = 0; thread < threads(); ++thread)
    for (size_t e = 0; e < entries; ++e)
      if (model_.schedule[e].strips_meet != 0) {
        EXPECT_GT(times[size_t(thread) * entries + e].wait, 0U) << "thread " << thread << ", entry " << e;
      }
}

INSTANTIATE_TEST_SUITE_P(StripsThreadsAndPictures, StripsWalk,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4, 6), ::testing::Values(1, 2, 3, 4, 5),
                                            ::testing::Values(1, 2, 3, 5, 8)));

TEST(StripsLayout, HasAnArenaForEachStrip) {
  const Model one(1, 1), four(4, 1), batch(4, 3);
  const auto layout = [](const Model& m, int threads) { return layout_of(m.model, m.program, threads); };
  EXPECT_EQ(layout(one, 4).arena_stride, uint64_t(2 * kField));
  EXPECT_EQ(layout(four, 4).arenas, 1U);
  EXPECT_EQ(layout(four, 4).arena % 4096, 0U);
  EXPECT_EQ(layout(four, 4).arena_stride, uint64_t(4 * 2 * kField));
  EXPECT_GE(layout(four, 1).total, layout(four, 1).arena + 4 * 2 * kField);
  const Layout l = layout(batch, 3);
  EXPECT_EQ(l.arenas, 3U);
  EXPECT_GE(l.arena_stride, uint64_t(4 * 2 * kField));
  EXPECT_EQ(l.arena_stride % 4096, 0U);
  EXPECT_GE(l.total, l.arena + 3 * l.arena_stride);
}

}  // namespace
