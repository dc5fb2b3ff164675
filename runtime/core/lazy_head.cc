// Threads mark tiles in their share of the rows, meet, and run their share of the marked tiles: call by call, so that a
// call's code and weights are read once.
#include "runtime/core/lazy_head.h"

#include <cstring>

#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

struct Job {
  const Walk* walk;
  const sparsec_level* level;
  const LevelPlanes* planes;
  float least;
};

// Of a strip.
int64_t tiles_of(const sparsec_level& level, int64_t rows) {
  if (level.cells_per_tile == 0) return 0;
  const int64_t cells = level.row_stride / 4 * (rows - 1) + level.columns;
  return (cells + level.cells_per_tile - 1) / level.cells_per_tile;
}

// Several threads may set one mark.
void mark(uint8_t* tile) { __atomic_store_n(tile, uint8_t{1}, __ATOMIC_RELAXED); }

void mark_row(const sparsec_level& level, const char* row, int64_t first_cell, float least, uint8_t* tiles) {
  uint32_t any = 0;
  for (int32_t x = 0; x < level.columns; ++x) any |= uint32_t(load<float>(row + 4 * int64_t(x)) > least);
  if (any == 0) return;
  for (int32_t x = 0; x < level.columns; ++x) {
    if (load<float>(row + 4 * int64_t(x)) > least) mark(tiles + (first_cell + x) / level.cells_per_tile);
  }
}

// `tiles`: of the strips, one behind the other.
void mark_level(const Job& job, int thread, int threads, uint8_t* tiles) {
  const sparsec_level& level = *job.level;
  const LevelPlanes& planes = *job.planes;
  const Share share = share_of(level.rows, thread, threads);
  const int64_t of_strip = tiles_of(level, planes.strip_rows);
  for (int32_t a = 0; a < level.anchors; ++a) {
    const char* objectness = planes.objectness + planes.objectness_stride * a;
    for (int64_t y = share.begin; y < share.end; ++y) {
      mark_row(level, objectness + planes.row(level, y), level.row_stride / 4 * (y % planes.strip_rows), job.least,
               tiles + y / planes.strip_rows * of_strip);
    }
  }
}

// The thread's share of the marked tiles, in runs of neighbours.
void run_marked(const Job& job, const uint8_t* tiles, int thread, int threads) {
  const Walk& walk = *job.walk;
  const sparsec_program& program = *walk.context->program;
  const sparsec_step& step = program.steps[job.level->step];
  const int64_t of_strip = tiles_of(*job.level, job.planes->strip_rows), count = of_strip * job.planes->strips.count;
  int64_t marked = 0;
  for (int64_t t = 0; t < count; ++t) marked += tiles[t];
  const Share share = share_of(marked, thread, threads);
  if (share.begin == share.end) return;
  for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
    int64_t seen = 0;
    for (int64_t t = 0; t < count && seen < share.end;) {
      const int64_t begin = t, strip = t / of_strip, end = (strip + 1) * of_strip;
      while (t < end && tiles[t] != 0 && seen + (t - begin) < share.end) ++t;
      const int64_t skipped = seen < share.begin ? share.begin - seen : 0, length = t - begin;  // what is not ours
      const int64_t first = begin - strip * of_strip;
      if (length > skipped) run_call(walk, 0, program.calls[c], int(strip), first + skipped, first + length, thread);
      seen += length;
      if (length == 0) ++t;
    }
  }
}

void complete(void* argument, int thread) {
  const Job& job = *static_cast<const Job*>(argument);
  Pool& pool = job.walk->context->pool;
  uint8_t* tiles = job.walk->context->tiles;
  mark_level(job, thread, pool.threads(), tiles);
  pool.barrier();
  run_marked(job, tiles, thread, pool.threads());
}

}  // namespace

size_t lazy_tiles(const sparsec_head& head, int strips) {
  int64_t most = 0;
  for (uint32_t i = 0; i < head.levels; ++i) {
    const int64_t tiles = tiles_of(head.level[i], head.level[i].rows / strips) * strips;
    most = tiles > most ? tiles : most;
  }
  return size_t(most);
}

void complete_level(const Walk& walk, const sparsec_level& level, const LevelPlanes& planes, float least) {
  if (level.cells_per_tile == 0) return;
  memset(walk.context->tiles, 0, size_t(tiles_of(level, planes.strip_rows) * planes.strips.count));
  Job job{&walk, &level, &planes, least};
  walk.context->pool.run(complete, &job);
}

}  // namespace sparsec::rt
