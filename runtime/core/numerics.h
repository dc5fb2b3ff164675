// The float functions that must come out the same on every CPU, shared by the compiler's oracle and the ready-made
// steps.
//
// float32 only, explicit fma, no libm transcendentals (they differ between CPUs and versions); sqrt, fma and division
// are exact by IEEE 754. Compiled with -ffp-contract=off. Everything is inlined by force: this code is built for
// several instruction sets, and an out-of-line copy of one must never serve another.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#define SPARSEC_INLINE [[gnu::always_inline]] inline

namespace sparsec::numerics {

SPARSEC_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SPARSEC_INLINE float fmin(float a, float b) { return a < b ? a : b; }  // b when a is NaN
SPARSEC_INLINE float fmax(float a, float b) { return a > b ? a : b; }
// ONNX's Min and Max: NaN where either is NaN. Where neither is less both are returned or'ed, which leaves a NaN a NaN
// and equal numbers as they are (zeros of two signs give -0); vector kernels do the same.
SPARSEC_INLINE float bits_of_both(float a, float b) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(a) | std::bit_cast<uint32_t>(b));
}
SPARSEC_INLINE float minimum(float a, float b) { return bits_of_both(fmin(a, b), fmin(b, a)); }
SPARSEC_INLINE float maximum(float a, float b) { return bits_of_both(fmax(a, b), fmax(b, a)); }
SPARSEC_INLINE float fabs(float a) { return __builtin_fabsf(a); }

// Round half to even where |x| <= 2^22: adding 1.5 * 2^23 leaves no bits for the fraction. Vectorises everywhere.
SPARSEC_INLINE float round_small(float x) { return (x + 12582912.0f) - 12582912.0f; }

// Round half to even, as cvtps2dq does: what is beyond int32, and NaN, becomes INT32_MIN.
SPARSEC_INLINE int32_t round_even(float x) {
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  return fabs(x) <= 4194304.0f ? int32_t(round_small(x)) : int32_t(__builtin_nearbyintf(x));
}

// Horner's scheme by fma, the highest power first. Without a loop, which would keep the loops around it from being
// vectorised.
template <size_t I = 0, size_t N>
SPARSEC_INLINE float polynomial(const float (&c)[N], float x, float sum = 0) {
  if constexpr (I == 0)
    return polynomial<1>(c, x, c[0]);
  else if constexpr (I < N)
    return polynomial<I + 1>(c, x, fma(sum, x, c[I]));
  else
    return sum;
}

// exp(x) = 2^n * p(r): n = round(x * log2 e), r = x - n ln 2 in two steps, p a degree-6 polynomial (Cephes' expf). x is
// clamped to [-87, 87].
inline constexpr float kExpLimit = 87.0f, kLog2e = 1.44269504088896341f, kLn2High = 0.693359375f,
                       kLn2Low = -2.12194440e-4f;
inline constexpr float kExpPoly[6] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                      4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};

SPARSEC_INLINE float exp(float x) {
  x = fmax(fmin(x, kExpLimit), -kExpLimit);
  const float n = round_small(x * kLog2e);
  float r = fma(n, -kLn2High, x);
  r = fma(n, -kLn2Low, r);
  const float p = polynomial(kExpPoly, r);
  const float y = fma(p, r * r, r) + 1.0f;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(y) + (uint32_t(int32_t(n)) << 23));
}

SPARSEC_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
SPARSEC_INLINE float silu_exact(float x) { return x / (1.0f + exp(-x)); }

// tanh: an odd polynomial near zero (Cephes' tanhf), 1 - 2 / (exp(2|x|) + 1) elsewhere.
SPARSEC_INLINE float tanh(float x) {
  const float a = fabs(x);
  if (a < 0.625f) {
    const float z = x * x;
    constexpr float kPoly[5] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
                                -3.33332819422e-1f};
    return fma(polynomial(kPoly, z) * z, x, x);
  }
  const float t = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  return x < 0 ? -t : t;
}

// Natural logarithm of a positive normal number (Cephes' logf): x = 2^e * m with m in [sqrt(1/2), sqrt(2)).
SPARSEC_INLINE float log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  int32_t e = int32_t(bits >> 23) - 126;
  float m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678f) {
    m += m;
    --e;
  }
  m -= 1.0f;
  constexpr float kPoly[9] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const float z = m * m;
  float y = polynomial(kPoly, m) * m * z;
  y = fma(float(e), -2.12194440e-4f, y);
  y = fma(z, -0.5f, y);
  return fma(float(e), 0.693359375f, m + y);
}

// x^y. Whole exponents to 8 by multiplication and 0.5 by sqrt; others by exp(y log x), good to about 1e-5.
SPARSEC_INLINE float pow(float x, float y) {
  if (y == 0.5f) return __builtin_sqrtf(x);
  const float whole = fabs(y) <= 4194304.0f ? round_small(y) : y;
  if (whole == y && fabs(y) <= 8.0f) {
    float p = 1.0f;
    for (int32_t i = 0, n = int32_t(fabs(y)); i < n; ++i) p *= x;
    return y < 0 ? 1.0f / p : p;
  }
  if (x == 0.0f) return y > 0 ? 0.0f : __builtin_inff();
  if (x < 0 && whole != y) return __builtin_nanf("");
  const float p = exp(y * log(fabs(x)));
  return x < 0 && fabs(y) <= 4194304.0f && (int32_t(y) & 1) ? -p : p;
}

SPARSEC_INLINE float relu(float x) { return fmax(x, 0.0f); }
SPARSEC_INLINE float leaky_relu(float x, float slope) { return x < 0.0f ? slope * x : x; }
SPARSEC_INLINE float hard_sigmoid(float x, float alpha, float beta) { return fmax(fmin(alpha * x + beta, 1.0f), 0.0f); }
SPARSEC_INLINE float hard_swish(float x) { return x * fmin(fmax(fma(x, 1.0f / 6.0f, 0.5f), 0.0f), 1.0f); }
SPARSEC_INLINE float clip(float x, float low, float high) { return fmin(fmax(x, low), high); }

}  // namespace sparsec::numerics
