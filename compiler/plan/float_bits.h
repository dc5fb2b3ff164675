// Requantising without conversions: integers read as floats, floats read as integers.
//
// From 2^23 to 2^24 the floats are the integers, and their bits count up as they do. An accumulator that starts at the
// bits of 1.5 * 2^23 is, read as a float, 1.5 * 2^23 and the sum; and an fma whose result is of that size rounds it
// half to even, as a conversion would, and has it in its low bits. (The well-known trick of adding 1.5 * 2^23, on both
// sides of the fma.)
//
// A bias of that size has no fraction, which the row's own bias needs. But the accumulator may start at any integer
// that keeps it in range, and start * multiplier has, for some start, nearly any fraction. The row's steps leave a
// window for it (level_steps.h), and a variant of Euclid's algorithm finds the first start within.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "compiler/plan/level_steps.h"

namespace sparsec {

// The float whose bits are the accumulator's and acc_bias, by s.multiplier and s.bias: its low half is an int16.
inline int16_t half_of(const numerics::Scaling& s, int64_t acc) {
  const auto sum = std::bit_cast<float>(int32_t(acc) + s.acc_bias);
  return int16_t(std::bit_cast<uint32_t>(numerics::fma(sum, s.multiplier, s.bias)));
}

// Numbers near `multiplier` for which clamp_s8(half_of(acc)) + 128 has these steps, if some are found.
std::optional<numerics::Scaling> in_float_bits(const LevelSteps& steps, float multiplier,
                                               oracle::AccumulatorRange range);

}  // namespace sparsec
