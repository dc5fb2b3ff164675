// The arithmetic that must come out the same on every CPU: rounding, requantising, SiLU, exp.
//
// Everything here is float32 with explicit fma and no libm transcendentals. The kernels of codegen/kernels compute exactly these formulas, instruction by
// instruction; codegen takes the tables from here. round_even, exp, sigmoid and the like are in runtime/core/numerics.h, which the runtime shares. Compiled with -ffp-contract=off.
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

// ---- SiLU from an accumulator: x * sigmoid(x) by a piecewise cubic --------------------------------------------------
// silu(x) = x/2 + h(|x|) with h(a) = a/2 * tanh(a/2), which is smooth and even. With b = |x| + 1, the top bits of b's pattern pick a segment: four per
// octave, [1,2) in steps of 1/4, [2,4) of 1/2, [4,8) of 1, [8,16) of 2: 16 segments, narrow where h bends most, and as many as one permute of a 512-bit
// register looks up. h is a cubic in b on each; beyond |x| = 15 the last segment is the line a/2 (tested: the error is below 3e-5 everywhere).
inline constexpr float kSiluLimit = 15.9999f;  // b is clamped here for the index only
struct SiluTable {
  std::array<float, 16> c0, c1, c2, c3;
};
const SiluTable& silu_table();

inline float silu(float x) {
  const SiluTable& t = silu_table();
  const float b = std::fabs(x) + 1.0f;
  const uint32_t i = (std::bit_cast<uint32_t>(std::fmin(b, kSiluLimit)) >> 21) & 15;
  float h = std::fma(t.c3[i], b, t.c2[i]);
  h = std::fma(h, b, t.c1[i]);
  h = std::fma(h, b, t.c0[i]);
  return std::fma(x, 0.5f, h);
}

}  // namespace sparsec::numerics
