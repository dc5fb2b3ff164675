// Timing by the monotonic clock: one sample per call, nothing else between the calls.
#include "sparsec/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace sparsec {

Statistics::Statistics(std::vector<double> samples) : sorted_(std::move(samples)) {
  if (sorted_.empty()) throw std::invalid_argument("statistics of no samples");
  std::sort(sorted_.begin(), sorted_.end());
  const auto n = double(sorted_.size());
  mean_ = std::accumulate(sorted_.begin(), sorted_.end(), 0.0) / n;
  double squares = 0;
  for (const double s : sorted_) squares += (s - mean_) * (s - mean_);
  std_ = std::sqrt(squares / n);
}

double Statistics::percentile(double percent) const {
  const double at = std::clamp(percent, 0.0, 100.0) / 100 * double(sorted_.size() - 1);
  const auto low = size_t(at);
  if (low + 1 >= sorted_.size()) return sorted_.back();
  return sorted_[low] + (at - double(low)) * (sorted_[low + 1] - sorted_[low]);
}

BenchmarkResult benchmark(const std::function<void()>& work, const BenchmarkOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start, Clock::time_point now) {
    return std::chrono::duration<double>(now - start).count();
  };

  const auto warmup = Clock::now();
  while (seconds_since(warmup, Clock::now()) < options.warmup_seconds) work();

  std::vector<double> samples;
  const auto start = Clock::now();
  auto before = start;
  double elapsed = 0;
  do {
    work();
    const auto after = Clock::now();
    samples.push_back(1000 * seconds_since(before, after));
    before = after;
    elapsed = seconds_since(start, after);
  } while (options.iterations > 0 ? int64_t(samples.size()) < options.iterations : elapsed < options.seconds);
  return {Statistics(std::move(samples)), elapsed};
}

}  // namespace sparsec
