// The head's convolutions where there is something to find, and nowhere else.
//
// The detection schedule computes of a lazy level only its objectness, 3 of 255 channels. What is missing is made tile
// by tile by the level's own step, for the tiles that hold a cell whose objectness may pass: by the same kernels, so
// with the same bits, and never slower than all of it by more than the objectness. That is done as soon as the level is
// ready, so that what it is made of need not be kept.
#pragma once

#include <cstddef>

#include "runtime/core/head.h"
#include "runtime/core/run.h"

namespace sparsec::rt {

// How many tiles the largest lazy level has, of all strips: a mark each.
size_t lazy_tiles(const sparsec_head& head, int strips);

// Completes the level, if it is lazy, at all cells with an objectness above `least`, by all threads. The walk says
// where pointers lead.
void complete_level(const Walk& walk, const sparsec_level& level, const LevelPlanes& planes, float least);

}  // namespace sparsec::rt
