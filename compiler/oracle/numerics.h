// The arithmetic that must come out the same on every CPU: rounding, requantising, SiLU, exp.
//
// Everything here is float32 with explicit fma and no libm transcendentals. The kernels of codegen/kernels compute
// exactly these formulas, instruction by instruction; codegen takes the tables from here. round_even, exp, sigmoid and
// the like are in runtime/core/numerics.h, which the runtime shares. Compiled with -ffp-contract=off.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "compiler/ir/quant.h"
#include "runtime/core/numerics.h"

namespace sparsec::numerics {

inline uint8_t clamp_u8(int32_t q) { return uint8_t(q < 0 ? 0 : q > 255 ? 255 : q); }

// Requantise in an epilogue: the zero point rides in the fma.
inline uint8_t requantise(float a, Quant q) {
  return clamp_u8(round_even(std::fma(a, 1.0f / q.scale, float(q.zero_point))));
}

// The same in one rounding, where nothing comes between accumulator and quantiser: acc * (multiplier / scale) + bias /
// scale, as QLinearConv has it.
inline uint8_t requantise_once(int32_t acc, float multiplier, float bias, Quant q) {
  return clamp_u8(round_even(std::fma(float(acc), multiplier / q.scale, bias / q.scale)) + q.zero_point);
}

// ---- SiLU from an accumulator: x * sigmoid(x) by a piecewise quartic -----------------------------------------------
// silu(x) = x/2 + h(|x|) with h(a) = a/2 * tanh(a/2), which is smooth and even. With b = |x| + 1, the top bits of b's
// pattern pick a segment: two per octave, [1,2) in steps of 1/2, [2,4) of 1, [4,8) of 2, [8,16) of 4: 8 segments,
// narrow where h bends most, and as many as one permute of a 256-bit register looks up. h is a quartic in b on each;
// beyond |x| = 11 the last segment is the line a/2. The error is below 5e-7 up to |x| = 1, 6e-6 up to 3, 3e-5 up to 11
// and 2e-4 from there to where float rounding of |x| + 1 outgrows it (tested). A quantiser whose 256 steps span the
// range has a step a thousand times as large (300 times in the line, where silu is next to zero or to x), so that about
// one rounding in two thousand flips.
inline constexpr float kSiluLimit = 15.9999f;  // b is clamped here for the index only
inline constexpr size_t kSiluDegree = 4;
struct SiluTable {
  std::array<std::array<float, 8>, kSiluDegree + 1> c;  // by power, then segment
};
const SiluTable& silu_table();

inline float silu(float x) {
  const SiluTable& t = silu_table();
  const float b = std::fabs(x) + 1.0f;
  const uint32_t i = (std::bit_cast<uint32_t>(std::fmin(b, kSiluLimit)) >> 22) & 7;
  float h = t.c[kSiluDegree][i];
  for (size_t power = kSiluDegree; power-- > 0;) h = std::fma(h, b, t.c[power][i]);
  return std::fma(x, 0.5f, h);
}

}  // namespace sparsec::numerics
