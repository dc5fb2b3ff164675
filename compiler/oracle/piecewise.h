// SiLU and sigmoid after integer convolutions: quintics by segment.
//
// Both are a simple part and one that is even or odd:
//
//   silu(x) = x * sigmoid(x) = x/2 + h(|x|)          h(a) = a/2 * tanh(a/2)
//   sigmoid(x) = 1/2 + o(x)                          o(x) = tanh(x/2) / 2
//
// x is measured in segments, u. The integer nearest to |u|, 7 at most, picks a quintic in |u| for the even or odd part;
// the last is a line: silu is x or nothing, sigmoid 1 or 0, from `reach` = 6.5 segments on. SiLU may come in steps of
// the output, its zero point added, so that all that is left is to round it.
//
// By symmetry the same numbers come out, bit for bit, by a quintic in u itself whose coefficients are looked up by the
// signed segment: every second one changes sign, and the one that the simple part adds to is simple + c or simple - c.
// That is one look-up in 16 floats a power, and what AVX-512 does (signed_form); the form with eight is for registers
// of fewer lanes.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "compiler/ir/quant.h"
#include "runtime/core/numerics.h"

namespace sparsec::numerics {

struct Piecewise {
  static constexpr int kLast = 7;
  static constexpr size_t kDegree = 5;
  enum class Symmetry : uint8_t { even, odd };
  Symmetry symmetry = Symmetry::even;
  float segments = 1;                                 // that a unit of x is long
  float simple = 0;                                   // even: of u; odd: by itself
  std::array<std::array<float, 8>, kDegree + 1> c{};  // by power of |u|, then segment

  // The power of u that the simple part is of.
  size_t simple_power() const { return symmetry == Symmetry::even ? 1 : 0; }
  // By power of u, then signed segment & 15.
  std::array<std::array<float, 16>, kDegree + 1> signed_form() const;
};

inline constexpr float kRoundBits = 12582912.0f;  // 1.5 * 2^23: the sum's low bits are the integer nearest to x

// f(u / segments)
inline float evaluate(const Piecewise& f, float u) {
  const float a = fabs(u);
  const uint32_t i = std::bit_cast<uint32_t>(fmin(a, float(Piecewise::kLast)) + kRoundBits) & 7;
  float h = f.c[Piecewise::kDegree][i];
  for (size_t power = Piecewise::kDegree; power-- > 2;) h = fma(h, a, f.c[power][i]);
  if (f.symmetry == Piecewise::Symmetry::odd)
    return fma(fma(h, a, f.c[1][i]), u, f.simple + (std::signbit(u) ? -f.c[0][i] : f.c[0][i]));
  h = fma(h, a, f.c[1][i] + std::copysign(f.simple, u));
  return fma(h, a, f.c[0][i]);
}

// For a u8 output: in its steps, with its zero point, and for the residual that is added in the same steps, if any.
Piecewise silu_in_steps(Quant out, const Quant* residual);
Piecewise silu();     // to within 1e-5, and 1.2e-3 beyond |x| = 9
Piecewise sigmoid();  // to within 7e-6

}  // namespace sparsec::numerics
