// Walking a schedule: a run of the whole model, detection's part of it, or a few tiles of one step.
//
// A batch of at least as many pictures as there are threads is walked a picture a thread: nobody waits for anybody, and
// each thread has an arena of its own. What is left over, fewer pictures than threads, and every smaller batch is
// walked by all threads together, picture after picture. The results are the same to the bit.
//
// One thread goes through a schedule band by band, as the planner cut it for a core's cache. Threads that share a
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

// The tiles of an entry that so many threads go through together. Layer by layer a step's first entry stands for all of
// them, and there is nothing to do in the others.
inline Share tiles_of(const sparsec_work& work, int64_t step_tiles, int threads, int64_t caches) {
  if (threads == 1 || caches < work.handed) return {work.begin, work.end};
  return {0, work.begin == 0 ? step_tiles : 0};
}

// Whether those threads meet behind the entry.
inline bool meets_after(const sparsec_work& work, int64_t step_tiles, int threads, int64_t caches) {
  const Share tiles = tiles_of(work, step_tiles, threads, caches);
  return work.barrier != 0 && tiles.begin != tiles.end;
}

// How many of so many pictures are walked a picture a thread: a multiple of `threads`.
constexpr uint32_t pictures_alone(uint32_t pictures, int threads) {
  return threads > 1 ? pictures - pictures % uint32_t(threads) : 0;
}

// By all threads of the context; returns when all are done.
void run_walk(Walk& walk);

// Tiles [begin, end) of one call, by thread number `thread` alone, in the arena that all threads share.
void run_call(const Walk& walk, uint32_t picture, const sparsec_call& call, int64_t begin, int64_t end, int thread);

}  // namespace sparsec::rt
