#include "compiler/plan/float_bits.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/plan/neighbours.h"

namespace sparsec {
namespace {

using numerics::kRoundBits;
using numerics::Scaling;
using oracle::AccumulatorRange;
using u128 = unsigned __int128;

constexpr int kNeighbours = 12;               // floats to try on either side of a multiplier
constexpr int64_t kHalf = int64_t{1} << 22;   // from kRoundBits to either end of the integers
constexpr int64_t kWhole = int64_t{1} << 24;  // the integers that float holds
constexpr int32_t kMiddle = 128;
constexpr uint64_t kOne = uint64_t{1} << 60;  // of numbers modulo 1

// Between which numbers `offset` may be so that multiplier * acc + offset, rounded, has the steps.
struct Offsets {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

Offsets window_of(const LevelSteps& steps, double multiplier, AccumulatorRange range) {
  Offsets w;
  const auto offset_at = [&](int level, int64_t acc) { return level - kMiddle - 0.5 - multiplier * double(acc); };
  const auto reaches = [&](int level, int64_t acc) { w.low = std::max(w.low, offset_at(level, acc)); };
  const auto stays_below = [&](int level, int64_t acc) { w.high = std::min(w.high, offset_at(level, acc)); };
  if (steps.floor > 0) reaches(steps.floor, range.least);
  for (const LevelSteps::Step& step : steps.steps) {
    reaches(step.level, step.least);
    stays_below(step.level, step.least - 1);
  }
  if (steps.ceiling < 256) stays_below(steps.ceiling, range.most);
  if (std::isinf(w.low)) w.low = std::isinf(w.high) ? 0 : w.high - 1;  // rows that saturate leave a side open
  w.high = std::min(w.high, w.low + 1);
  return w;
}

// The least x >= 0 with low <= a * x mod m <= high, for low <= high < m; -1 where there is none. Where no multiple of a
// itself lies there, the wraps around m are the same question of smaller numbers.
int64_t first_within(uint64_t a, uint64_t m, uint64_t low, uint64_t high) {
  if (low == 0) return 0;
  if (a == 0) return -1;
  const uint64_t x = (low - 1) / a + 1;
  if (u128(a) * x <= high) return int64_t(x);
  const auto negative = [&](uint64_t y) { return (a - y % a) % a; };
  const int64_t wraps = first_within(m % a, a, negative(high), negative(low));
  return wraps < 0 ? -1 : int64_t((u128(m) * u128(wraps) + low - 1) / a + 1);
}

uint64_t modulo_one(double x) { return uint64_t(std::ldexp(x - std::floor(x), 60)) % kOne; }

// The least start of [first, last] whose product with the multiplier leaves an integer for the bias.
std::optional<Scaling> first_in_window(const Offsets& w, float multiplier, int64_t first, int64_t last) {
  const double width = w.high - w.low, round_bits = double(kRoundBits);
  if (!(width > 0)) return std::nullopt;
  const double low = w.low + width / 64;  // what rounds in here stays inside
  const uint64_t a = modulo_one(double(multiplier)), within = modulo_one(width * 31 / 32);
  const auto least = uint64_t(u128(a) * u128(round_bits + double(first)) % kOne);
  const uint64_t from = (modulo_one(low) + kOne - least) % kOne;
  const int64_t x = from + within >= kOne ? 0 : first_within(a, kOne, from, from + within);
  if (x < 0 || x > last - first) return std::nullopt;
  const double product = (round_bits + double(first + x)) * double(multiplier);
  const double bias = std::ceil(low + round_bits - product);
  if (!(std::abs(bias) <= double(kWhole))) return std::nullopt;
  return Scaling{int32_t(std::bit_cast<uint32_t>(kRoundBits)) + int32_t(first + x), multiplier, float(bias)};
}

// Whether what comes up is a float of the right size, and its low half all there is to it.
bool stays_in_half(const Scaling& s, AccumulatorRange range) {
  for (const int64_t acc : {range.least, range.most}) {
    const double sum = double(std::bit_cast<float>(int32_t(acc) + s.acc_bias));
    const double steps = sum * double(s.multiplier) + double(s.bias) - double(kRoundBits);
    if (!(std::abs(steps) < double(INT16_MAX))) return false;
  }
  return true;
}

}  // namespace

std::optional<Scaling> in_float_bits(const LevelSteps& steps, float multiplier, AccumulatorRange range) {
  const int64_t first = -kHalf - range.least, last = kHalf - 1 - range.most;
  for (const float m : around(multiplier, kNeighbours)) {
    if (m < 0) continue;
    const std::optional<Scaling> s = first_in_window(window_of(steps, double(m), range), m, first, last);
    if (!s || !stays_in_half(*s, range)) continue;
    const auto level = [&](int64_t acc) { return std::clamp<int>(half_of(*s, acc), -kMiddle, kMiddle - 1) + kMiddle; };
    if (has_steps(level, steps, range)) return s;
  }
  return std::nullopt;
}

}  // namespace sparsec
