// Requantising by one fma and a rounding, nothing added before or after.
//
// The bias beside the accumulator and the zero point can ride in the fma's own bias, although float rounds their sum:
// a pair that passes the test at every step (level_steps.h) is exact. Levels are counted from -128, because sums near
// zero are rounded least. For nearly all rows the rounded sum passes, or a neighbour of it.
#pragma once

#include <cstdint>

#include "compiler/plan/level_steps.h"

namespace sparsec {

// The byte clamp_s8(round_even(scaling(acc)) + offset) + 128.
struct SignedLevels {
  numerics::Scaling scaling;
  int32_t offset;
};

// clamp_u8(round_even(s(acc)) + zero_point), whose steps these are: without acc_bias and offset where such a pair is
// found, else with those of s.
SignedLevels in_one_fma(const numerics::Scaling& s, int32_t zero_point, const LevelSteps& steps,
                        oracle::AccumulatorRange range);

}  // namespace sparsec
