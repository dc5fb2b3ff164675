// The arithmetic that must come out the same on every CPU: rounding, requantising, SiLU, exp.
//
// Everything here is float32 with explicit fma and no libm transcendentals. The kernels of codegen/kernels compute exactly these formulas, instruction by
// instruction; codegen takes the tables from here. Compiled with -ffp-contract=off.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "compiler/ir/quant.h"

namespace sparsec::numerics {

// round half to even, as cvtps2dq does; values beyond int32 become INT32_MIN, as x86 gives
inline int32_t round_even(float x) {
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  return int32_t(std::nearbyint(x));  // the default rounding mode
}

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

// ---- exp and sigmoid for float outputs ------------------------------------------------------------------------------
// exp(x) = 2^n * p(r): n = round(x * log2 e), r = x - n ln 2 in two steps, p a degree-6 polynomial (Cephes' expf). x is clamped to [-87, 87].
inline constexpr float kExpLimit = 87.0f, kLog2e = 1.44269504088896341f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
inline constexpr std::array<float, 6> kExpPoly{1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};

inline float exp(float x) {
  x = std::fmax(std::fmin(x, kExpLimit), -kExpLimit);
  const int32_t n = round_even(x * kLog2e);
  float r = std::fma(float(n), -kLn2High, x);
  r = std::fma(float(n), -kLn2Low, r);
  float p = kExpPoly[0];
  for (size_t i = 1; i < kExpPoly.size(); ++i) p = std::fma(p, r, kExpPoly[i]);
  const float y = std::fma(p, r * r, r) + 1.0f;
  return std::bit_cast<float>(std::bit_cast<int32_t>(y) + (n << 23));
}
inline float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
inline float silu_exact(float x) { return x / (1.0f + exp(-x)); }  // float convolutions use this one

}  // namespace sparsec::numerics
