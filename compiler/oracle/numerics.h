// The arithmetic that must come out the same on every CPU: rounding, requantising, exp.
//
// Everything here is float32 with explicit fma and no libm transcendentals. The kernels of codegen/kernels compute
// exactly these formulas, instruction by instruction, but for requantising, where they may have another that gives the
// same bytes (compiler/plan/level_steps.h). SiLU and sigmoid after integer convolutions: piecewise.h. round_even, exp,
// sigmoid and the like are in runtime/core/numerics.h, which the runtime shares. Compiled with -ffp-contract=off.
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

// QBinary: its operands, and the level that is so many steps from zero. In int32 that wraps, as kernels add.
inline float dequantised(uint8_t level, Quant q) { return float(int32_t(level) - q.zero_point) * q.scale; }
inline uint8_t level_of(float steps, int32_t zero_point) {
  return clamp_u8(int32_t(uint32_t(round_even(steps)) + uint32_t(zero_point)));
}
// The sum of two bytes, or their difference, in steps of the output: QBinary's formula for these.
inline float sum_in_steps(bool subtract, uint8_t a, Quant qa, uint8_t b, Quant qb, Quant out) {
  const float x = dequantised(a, qa), y = dequantised(b, qb);
  return (subtract ? x - y : x + y) * (1.0f / out.scale);
}

// ---- from accumulators to numbers ----------------------------------------------------------------------------------
// fma(float(acc + acc_bias), multiplier, bias): what an accumulator stands for, in whatever unit comes next.
struct Scaling {
  int32_t acc_bias;
  float multiplier, bias;
  float operator()(int32_t acc) const { return fma(float(acc + acc_bias), multiplier, bias); }
};
// That of QConv's parameters in `units`, all biases in one, of a rounding each from double. `apart`: but for acc_bias,
// which is added to accumulators that float would round.
inline Scaling scaling(int32_t acc_bias, float multiplier, float bias, double units, bool apart) {
  const double m = double(multiplier), b = double(bias);
  if (apart) return {acc_bias, float(m * units), float(b * units)};
  return {0, float(m * units), float((double(acc_bias) * m + b) * units)};
}
// The same in steps of an output that nothing stands before: as QLinearConv has it, to the bit.
inline Scaling requantising(int32_t acc_bias, float multiplier, float bias, Quant q) {
  return {acc_bias, multiplier / q.scale, bias / q.scale};
}

}  // namespace sparsec::numerics
