#include "compiler/plan/two_fmas.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/oracle/numerics.h"
#include "compiler/plan/neighbours.h"

namespace sparsec {
namespace {

using kernels::SumOfBytes;

constexpr int kBytes = 256;
constexpr double kNear = 1e-3;  // of a step: what rounding may turn

struct Pair {
  uint8_t a, b, level;
  bool gives(const SumOfBytes& s, int32_t zero_point) const {
    const float steps = numerics::fma(float(b), s.multiplier_b, numerics::fma(float(a), s.multiplier_a, s.bias));
    return numerics::level_of(steps, zero_point) == level;
  }
};

// All pairs of bytes; first those near the middle between two levels, which tell numbers that are wrong.
std::vector<Pair> pairs_of(bool subtract, Quant qa, Quant qb, Quant out) {
  std::vector<Pair> near, others;
  for (int a = 0; a < kBytes; ++a)
    for (int b = 0; b < kBytes; ++b) {
      const float steps = numerics::sum_in_steps(subtract, uint8_t(a), qa, uint8_t(b), qb, out);
      const float beyond = steps - std::floor(steps);
      (std::abs(double(beyond) - 0.5) < kNear ? near : others)
          .push_back({uint8_t(a), uint8_t(b), numerics::level_of(steps, out.zero_point)});
    }
  near.insert(near.end(), others.begin(), others.end());
  return near;
}

}  // namespace

std::optional<SumOfBytes> in_two_fmas(BinaryKind kind, Quant a, Quant b, Quant out) {
  if (kind != BinaryKind::add && kind != BinaryKind::sub) return std::nullopt;
  const bool subtract = kind == BinaryKind::sub;
  const std::vector<Pair> pairs = pairs_of(subtract, a, b, out);
  const float to_a = a.scale / out.scale, to_b = (subtract ? -b.scale : b.scale) / out.scale;
  for (const float ma : around(to_a, 1))
    for (const float mb : around(to_b, 1)) {
      const double bias = -(double(ma) * a.zero_point + double(mb) * b.zero_point);
      for (const float c : around(float(bias), 8)) {
        const SumOfBytes sum{ma, mb, c};
        if (std::ranges::all_of(pairs, [&](const Pair& p) { return p.gives(sum, out.zero_point); })) return sum;
      }
    }
  return std::nullopt;
}

}  // namespace sparsec
