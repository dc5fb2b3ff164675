// Requantising by one fma and a rounding, nothing added before or after.
//
// A requantised output is a step function of the accumulator: at most 255 integers are where it gains a level. Any
// multiplier and bias whose steps are at the same integers are the same function, so the bias beside the accumulator
// and the zero point can ride in the fma's own bias, although float rounds their sum: a pair that passes the test at
// every step is exact. Levels are counted from -128, because sums near zero are rounded least. For nearly all rows the
// rounded sum passes, or a neighbour of it.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/oracle/epilogue.h"

namespace sparsec {

// The byte clamp_s8(round_even(scaling(acc)) + offset) + 128.
struct SignedLevels {
  numerics::Scaling scaling;
  int32_t offset;
};

// clamp_u8(round_even(s(acc)) + zero_point) for every acc in the range: without acc_bias and offset where such a pair
// is found, else with those of s. Nothing where float or int32 could not hold what comes up.
std::optional<SignedLevels> in_one_fma(const numerics::Scaling& s, int32_t zero_point, oracle::AccumulatorRange range);

}  // namespace sparsec
