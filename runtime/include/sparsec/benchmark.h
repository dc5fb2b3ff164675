// Timing: warm up, run for a time or a count, and say what came out.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace sparsec {

// Of a set of samples. Percentiles interpolate linearly between neighbours.
class Statistics {
 public:
  explicit Statistics(std::vector<double> samples);  // at least one

  double mean() const { return mean_; }
  double median() const { return percentile(50); }
  double std() const { return std_; }  // of the population
  double min() const { return sorted_.front(); }
  double max() const { return sorted_.back(); }
  double percentile(double percent) const;  // 0..100
  int64_t count() const { return int64_t(sorted_.size()); }

 private:
  std::vector<double> sorted_;
  double mean_ = 0, std_ = 0;
};

struct BenchmarkOptions {
  double warmup_seconds = 2;
  double seconds = 10;     // at least one iteration is timed
  int64_t iterations = 0;  // when positive: this many, whatever `seconds` says
};

struct BenchmarkResult {
  Statistics latency_ms;  // of one call
  double seconds;         // from the start of the first timed call to the end of the last
  int64_t iterations() const { return latency_ms.count(); }
};

// Calls `work` again and again on the calling thread, by the monotonic clock. What `work` throws comes through.
BenchmarkResult benchmark(const std::function<void()>& work, const BenchmarkOptions& options);

// The same by several streams at once: each calls its own work on a thread of its own (the first on the calling one).
// All warm up, begin together, and end by the clock or when they have made options.iterations calls between them. The
// result is of all streams' calls, from the first start to the last end. What a work throws ends the others, and comes
// through. At least one stream.
BenchmarkResult benchmark_streams(const std::vector<std::function<void()>>& streams, const BenchmarkOptions& options);

}  // namespace sparsec
