// A requantised output as a step function of the accumulator: at most 255 integers are where it gains a level.
//
// Any numbers whose steps are at the same integers are the same function, however they round in between: kernels may
// compute a row by whichever are quickest. Where the levels go through a table, a step between levels that the table
// maps to the same byte is none.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/oracle/epilogue.h"

namespace sparsec {

inline uint8_t level_of(const numerics::Scaling& s, int32_t zero_point, int64_t acc) {
  return numerics::level_of(s(int32_t(acc)), zero_point);
}

struct LevelSteps {
  struct Step {
    int level;
    int64_t least;  // accumulator that reaches the level
  };
  std::vector<Step> steps;  // rising
  // The levels that the range's least accumulator must reach and its most must not; 0 and 256 are any.
  int floor = 0, ceiling = 256;
};

// Of clamp_u8(round_even(s(acc)) + zero_point); `table`: null where the levels are the output. Nothing where levels
// fall, or float or int32 could not hold what comes up.
std::optional<LevelSteps> steps_of(const numerics::Scaling& s, int32_t zero_point, oracle::AccumulatorRange range,
                                   const std::array<uint8_t, 256>* table);

// Whether level(acc), which must not fall, has these steps.
template <typename Level>
bool has_steps(Level level, const LevelSteps& steps, oracle::AccumulatorRange range) {
  return level(range.least) >= steps.floor && level(range.most) < steps.ceiling &&
         std::ranges::all_of(
             steps.steps,
             [&](const LevelSteps::Step& step) {
               return level(step.least - 1) < step.level && level(step.least) >= step.level;
             });
}

}  // namespace sparsec
