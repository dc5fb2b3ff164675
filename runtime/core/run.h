// Walking a schedule: a run of the whole model, detection's part of it, or a few tiles of one step.
//
// A batch of at least as many pictures as there are threads is walked a picture a thread: nobody waits for anybody, and
// each thread has an arena of its own. What is left over, fewer pictures than threads, and every smaller batch is
// walked by all threads together, picture after picture. The results are the same to the bit.
//
// A picture may be cut into strips (abi.h). Where they can be dealt out to the threads that share it, each thread has
// its own: what a layer writes stays in the cache of the core that reads it, but for the rows at the strips' edges,
// which steps of their own copy, and between those nobody waits for anybody. Any other number of threads shares the
// tiles of all strips.
//
// One thread goes through a schedule band by band, as the planner cut it for a core's cache (of a picture in strips,
// through a band of each strip: it was cut for one). Threads that share a
// picture go layer by layer where their caches together hold what the layers of the bands hand on: rows of a band would
// pass from core to core between any two layers.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/core/context.h"

namespace sparsec::rt {

inline constexpr int64_t kNoCache = -1;  // every entry is walked as it is

// What to walk, and where the calls' pointers lead. Inputs and outputs that no entry touches may be null.
struct Walk {
  sparsec_rt_context* context;
  const void* const* inputs;
  void* const* outputs;
  uint32_t first_picture, pictures;
  const sparsec_work *first, *last;
  int64_t caches = kNoCache;               // bytes that those of all threads hold, for the choice between both ways
  int64_t* letterbox_ns = nullptr;         // gains the time that letterbox entries took, until their barrier
  sparsec_rt_entry_time* times = nullptr;  // [thread][entry]: gains what each entry took (sparsec_rt_run_timed)
  std::atomic<uint32_t> next_alone{0};     // the next picture for a thread that takes one alone
};

// Threads that go through a picture together, and the strips that it is cut into.
struct Team {
  int threads, strips;
  // Whether strips can be dealt out, as many to each thread.
  bool whole_strips() const { return threads > 1 && strips % threads == 0; }
};

inline int strips_of(const sparsec_program& program) { return program.strips > 1 ? int(program.strips) : 1; }

// The tiles of an entry, of each strip. Layer by layer a step's first entry stands for all of them, and there is
// nothing to do in the others.
inline Share tiles_of(const sparsec_work& work, int64_t step_tiles, const Team& team, int64_t caches) {
  if (team.threads == 1 || caches < work.handed) return {work.begin, work.end};
  return {0, work.begin == 0 ? step_tiles : 0};
}

// Whether the threads meet before the entry, and behind it.
inline bool meets_before(const sparsec_work& work, const Team& team) {
  return work.strips_meet != 0 && team.whole_strips();
}
inline bool meets_after(const sparsec_work& work, int64_t step_tiles, const Team& team, int64_t caches) {
  const Share tiles = tiles_of(work, step_tiles, team, caches);
  return work.barrier != 0 && !team.whole_strips() && tiles.begin != tiles.end;
}

// Whether the call's neighbour is there.
template <class Call>
bool has_neighbour(const Call& call, int64_t strip, int strips) {
  const int64_t near = strip + call.neighbour;
  return near >= 0 && near < strips;
}

// What one thread does of an entry: run(strip, call of the step, first tile, end). The tiles of all strips, as if
// those followed each other, are shared (which deals out whole strips where that comes out even), or the calls.
// `calls`: the program's, from the step's first on.
template <class Step, class Call, class Run>
void share_entry(const sparsec_work& work, const Step& step, const Call* calls, const Team& team, int thread,
                 int64_t caches, const Run& run) {
  const Share tiles = tiles_of(work, step.tiles, team, caches);
  const int64_t count = tiles.end - tiles.begin;
  if (count == 0) return;
  const auto run_strips = [&](uint32_t c, Share all) {  // tiles of all strips
    for (int64_t strip = all.begin / count; strip * count < all.end; ++strip) {
      const int64_t before = strip * count;
      if (!has_neighbour(calls[c], strip, team.strips)) continue;
      run(int(strip), c, tiles.begin + (all.begin > before ? all.begin - before : 0),
          tiles.begin + (all.end < before + count ? all.end - before : count));
    }
  };
  const Share everything{0, count * team.strips};
  const bool by_calls = step.split != 0 && !team.whole_strips();
  const Share share = by_calls ? everything : share_of(everything.end, thread, team.threads);
  if (share.begin == share.end) return;
  for (uint32_t c = 0; c < step.calls; ++c)
    if (!by_calls || c / step.split % uint32_t(team.threads) == uint32_t(thread)) run_strips(c, share);
}

// How many of so many pictures are walked a picture a thread: a multiple of `threads`.
constexpr uint32_t pictures_alone(uint32_t pictures, int threads) {
  return threads > 1 ? pictures - pictures % uint32_t(threads) : 0;
}

// By all threads of the context; returns when all are done.
void run_walk(Walk& walk);

// Tiles [begin, end) of one call in a strip, by thread number `thread` alone, in the arena that all threads share.
void run_call(const Walk& walk, uint32_t picture, const sparsec_call& call, int strip, int64_t begin, int64_t end,
              int thread);

}  // namespace sparsec::rt
