#include "compiler/plan/one_fma.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/plan/neighbours.h"

namespace sparsec {
namespace {

using numerics::Scaling;

constexpr int64_t kExact = int64_t{1} << 24;  // integers that float holds
constexpr double kMostSteps = 1 << 30;        // so that int32 holds them with a zero point
constexpr int kNeighbours = 8;                // floats to try on either side of a bias
constexpr int32_t kMiddle = 128;

uint8_t level_of(const Scaling& s, int32_t zero_point, int64_t acc) {
  return numerics::clamp_u8(numerics::round_even(s(int32_t(acc))) + zero_point);
}

// The accumulators at which a requantised row gains a level.
struct Steps {
  int first_level;             // of the range's least
  std::vector<int64_t> least;  // [i]: that reach level first_level + 1 + i
};

Steps steps_of(const Scaling& s, int32_t zero_point, oracle::AccumulatorRange range) {
  Steps steps{level_of(s, zero_point, range.least), {}};
  const int last_level = level_of(s, zero_point, range.most);
  for (int n = steps.first_level + 1; n <= last_level; ++n) {
    // Between `below`, which does not reach the level, and `reached`, which does: most often within one of where real
    // numbers have the step.
    int64_t below = steps.least.empty() ? range.least : std::max(range.least, steps.least.back() - 1);
    int64_t reached = range.most;
    const auto look_at = [&](int64_t acc) {
      if (acc > below && acc < reached) (level_of(s, zero_point, acc) >= n ? reached : below) = acc;
    };
    const double real = (n - 0.5 - zero_point - double(s.bias)) / double(s.multiplier) - s.acc_bias;
    const auto guess = int64_t(std::clamp(std::ceil(real), double(range.least), double(range.most)));
    look_at(guess);
    look_at(guess - 1);
    look_at(guess + 1);
    while (reached - below > 1) look_at(below + (reached - below) / 2);
    steps.least.push_back(reached);
  }
  return steps;
}

bool has_steps(const Scaling& s, int32_t zero_point, const Steps& steps, oracle::AccumulatorRange range) {
  int level = steps.first_level;
  if (level_of(s, zero_point, range.least) != level) return false;
  for (const int64_t at : steps.least) {
    if (level_of(s, zero_point, at - 1) > level || level_of(s, zero_point, at) <= level) return false;
    ++level;
  }
  return level_of(s, zero_point, range.most) == level;
}

bool fits(const Scaling& s, oracle::AccumulatorRange range) {
  for (const int64_t acc : {range.least, range.most}) {
    const int64_t sum = acc + s.acc_bias;
    if (std::max(std::abs(acc), std::abs(sum)) > kExact) return false;
    if (!(std::abs(double(sum) * double(s.multiplier)) + std::abs(double(s.bias)) < kMostSteps)) return false;
  }
  return s.multiplier >= 0;  // else levels would fall
}

}  // namespace

std::optional<SignedLevels> in_one_fma(const Scaling& s, int32_t zero_point, oracle::AccumulatorRange range) {
  if (!fits(s, range)) return std::nullopt;
  const Steps steps = steps_of(s, zero_point, range);
  for (const float m : around(s.multiplier, 1)) {
    const double bias = double(s.acc_bias) * double(m) + double(s.bias) + zero_point - kMiddle;
    for (const float b : around(float(bias), kNeighbours))
      if (const Scaling one{0, m, b}; has_steps(one, kMiddle, steps, range)) return SignedLevels{one, 0};
  }
  return SignedLevels{s, zero_point - kMiddle};
}

}  // namespace sparsec
