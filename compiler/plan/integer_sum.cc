#include "compiler/plan/integer_sum.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "compiler/oracle/numerics.h"

namespace sparsec {
namespace {

using kernels::IntegerSum;

constexpr int kBytes = 256, kMostShift = 22, kNeighbours = 2;
constexpr int64_t kMostWeight = (1 << 22) - 1;  // lower_integer_sum's

// The byte of every pair (a, b), at [a * 256 + b].
std::vector<uint8_t> bytes_of(bool subtract, Quant a, Quant b, Quant out) {
  std::vector<uint8_t> bytes;
  for (int x = 0; x < kBytes; ++x)
    for (int y = 0; y < kBytes; ++y)
      bytes.push_back(
          numerics::level_of(numerics::sum_in_steps(subtract, uint8_t(x), a, uint8_t(y), b, out), out.zero_point));
  return bytes;
}

// A bias with which all bytes are right: the middle of those that all pairs allow.
std::optional<int32_t> bias_for(const std::vector<uint8_t>& bytes, int64_t weight_a, int64_t weight_b, int shift) {
  constexpr int64_t kTop = kBytes - 1, kZero = 0;
  int64_t least = INT32_MIN - kTop * (std::min(weight_a, kZero) + std::min(weight_b, kZero)),
          most = INT32_MAX - kTop * (std::max(weight_a, kZero) + std::max(weight_b, kZero));  // no sum leaves int32
  for (int64_t a = 0; a < kBytes && least <= most; ++a)
    for (int64_t b = 0; b < kBytes; ++b) {
      const int64_t byte = bytes[size_t(a * kBytes + b)], sum = a * weight_a + b * weight_b;
      if (byte > 0) least = std::max(least, (byte << shift) - sum);
      if (byte < kBytes - 1) most = std::min(most, ((byte + 1) << shift) - 1 - sum);
    }
  if (least > most) return std::nullopt;
  return int32_t(least + (most - least) / 2);
}

}  // namespace

std::optional<IntegerSum> in_integers(BinaryKind kind, Quant a, Quant b, Quant out) {
  if (kind != BinaryKind::add && kind != BinaryKind::sub) return std::nullopt;
  const bool subtract = kind == BinaryKind::sub;
  const double to_a = double(a.scale) / out.scale, to_b = (subtract ? -1 : 1) * double(b.scale) / out.scale;
  if (!std::isfinite(to_a) || !std::isfinite(to_b)) return std::nullopt;
  const double larger = std::max(std::abs(to_a), std::abs(to_b));
  int shift = kMostShift;
  while (shift > 0 && !(std::ldexp(larger, shift) <= kMostWeight - kNeighbours)) --shift;
  if (shift == 0) return std::nullopt;
  const std::vector<uint8_t> bytes = bytes_of(subtract, a, b, out);
  const auto nearest_a = std::llround(std::ldexp(to_a, shift)), nearest_b = std::llround(std::ldexp(to_b, shift));
  for (int64_t da = -kNeighbours; da <= kNeighbours; ++da)
    for (int64_t db = -kNeighbours; db <= kNeighbours; ++db) {
      const int64_t weight_a = nearest_a + da, weight_b = nearest_b + db;
      if (const std::optional<int32_t> bias = bias_for(bytes, weight_a, weight_b, shift))
        return IntegerSum{int32_t(weight_a), int32_t(weight_b), *bias, shift};
    }
  return std::nullopt;
}

}  // namespace sparsec
