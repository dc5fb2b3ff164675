#include "compiler/plan/one_fma.h"

#include "compiler/plan/neighbours.h"

namespace sparsec {
namespace {

using numerics::Scaling;

constexpr int kNeighbours = 8;  // floats to try on either side of a bias
constexpr int32_t kMiddle = 128;

}  // namespace

SignedLevels in_one_fma(const Scaling& s, int32_t zero_point, const LevelSteps& steps, oracle::AccumulatorRange range) {
  for (const float m : around(s.multiplier, 1)) {
    const double bias = double(s.acc_bias) * double(m) + double(s.bias) + zero_point - kMiddle;
    for (const float b : around(float(bias), kNeighbours)) {
      const Scaling one{0, m, b};
      if (has_steps([&](int64_t acc) { return level_of(one, kMiddle, acc); }, steps, range)) return {one, 0};
    }
  }
  return {s, zero_point - kMiddle};
}

}  // namespace sparsec
