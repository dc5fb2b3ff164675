#include "compiler/plan/level_steps.h"

namespace sparsec {
namespace {

constexpr int64_t kExact = int64_t{1} << 24;  // integers that float holds
constexpr double kMostSteps = 1 << 30;        // so that int32 holds them with a zero point

bool can_step(const numerics::Scaling& s, oracle::AccumulatorRange range) {
  for (const int64_t acc : {range.least, range.most}) {
    const int64_t sum = acc + s.acc_bias;
    if (std::max(std::abs(acc), std::abs(sum)) > kExact) return false;
    if (!(std::abs(double(sum) * double(s.multiplier)) + std::abs(double(s.bias)) < kMostSteps)) return false;
  }
  return s.multiplier >= 0;  // else levels would fall
}

}  // namespace

std::optional<LevelSteps> steps_of(const numerics::Scaling& s, int32_t zero_point, oracle::AccumulatorRange range,
                                   const std::array<uint8_t, 256>* table) {
  if (!can_step(s, range)) return std::nullopt;
  const auto matters = [&](int level) {  // whether it differs from the level below
    return !table || (*table)[size_t(level)] != (*table)[size_t(level - 1)];
  };
  LevelSteps steps;
  const int first = level_of(s, zero_point, range.least), last = level_of(s, zero_point, range.most);
  steps.floor = first;
  while (steps.floor > 0 && !matters(steps.floor)) --steps.floor;
  steps.ceiling = last + 1;
  while (steps.ceiling < 256 && !matters(steps.ceiling)) ++steps.ceiling;
  int64_t not_reached = range.least;  // by any level to come
  for (int n = first + 1; n <= last; ++n) {
    if (!matters(n)) continue;
    // Between `below`, which does not reach the level, and `reached`, which does: most often within one of where real
    // numbers have the step.
    int64_t below = not_reached, reached = range.most;
    const auto look_at = [&](int64_t acc) {
      if (acc > below && acc < reached) (level_of(s, zero_point, acc) >= n ? reached : below) = acc;
    };
    const double real = (n - 0.5 - zero_point - double(s.bias)) / double(s.multiplier) - s.acc_bias;
    const auto guess = int64_t(std::clamp(std::ceil(real), double(range.least), double(range.most)));
    look_at(guess);
    look_at(guess - 1);
    look_at(guess + 1);
    while (reached - below > 1) look_at(below + (reached - below) / 2);
    steps.steps.push_back({n, reached});
    not_reached = reached - 1;
  }
  return steps;
}

}  // namespace sparsec
