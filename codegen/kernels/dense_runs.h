// Which products a dense kernel needs: runs of input planes that meet the same taps.
//
// A dense kernel loops over planes with one body for all of them. Where a stride was turned into phases, each phase's
// planes meet a few of the taps only (a 3x3 kernel of stride 2 becomes 2x2 taps over four phases, and 7 of 16 pairs of
// tap and phase hold nothing), so one body would multiply by zeros. Planes that meet the same taps are therefore a run
// with a loop of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/conv.h"

namespace sparsec::kernels {

struct PlaneRun {
  struct Product {
    int row;  // of the group
    size_t tap;
  };
  int64_t first = 0, count = 0;   // planes
  std::vector<Product> products;  // of a plane, by tap: those whose word is not zero in some plane of the run
  size_t taps = 0;                // different ones: vectors to load
};

// Of the output channels [first, last); runs of planes that none of them reads are left out. Planes whose taps change
// too often for loops to be worth their code are one run.
std::vector<PlaneRun> dense_runs(const ConvSpec& spec, int64_t first, int64_t last);

}  // namespace sparsec::kernels
