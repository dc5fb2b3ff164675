// Timing by the monotonic clock: one sample per call, nothing else between the calls. One stream is the case of many.
#include "sparsec/benchmark.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <exception>
#include <numeric>
#include <stdexcept>
#include <thread>

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

namespace {

using Clock = std::chrono::steady_clock;
double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

// What the streams share.
struct Race {
  Race(const BenchmarkOptions& o, size_t streams) : options(o), start(ptrdiff_t(streams)) {}

  const BenchmarkOptions& options;
  std::barrier<> start;
  std::atomic<int64_t> begun{0};  // calls, for options.iterations
  std::atomic<bool> failed{false};
};

struct Stream {
  const std::function<void()>* work;
  std::vector<double> samples;
  Clock::time_point start{}, end{};
  std::exception_ptr error{};

  void run(Race& race) {
    attempt(race, [&] { warm_up(race); });
    race.start.arrive_and_wait();
    attempt(race, [&] { measure(race); });
  }

 private:
  template <class Part>
  void attempt(Race& race, const Part& part) {
    try {
      if (!race.failed) part();
    } catch (...) {
      error = std::current_exception();
      race.failed = true;
    }
  }

  void warm_up(const Race& race) const {
    const auto begin = Clock::now();
    while (!race.failed && seconds_between(begin, Clock::now()) < race.options.warmup_seconds) (*work)();
  }

  void measure(Race& race) {
    const BenchmarkOptions& o = race.options;
    start = end = Clock::now();
    while (!race.failed) {
      if (o.iterations > 0 ? race.begun.fetch_add(1) >= o.iterations
                           : !samples.empty() && seconds_between(start, end) >= o.seconds)
        return;
      (*work)();
      const auto after = Clock::now();
      samples.push_back(1000 * seconds_between(end, after));
      end = after;
    }
  }
};

BenchmarkResult result_of(const std::vector<Stream>& streams) {
  std::vector<double> samples;
  auto first = Clock::time_point::max(), last = Clock::time_point::min();
  for (const Stream& stream : streams) {
    if (stream.error) std::rethrow_exception(stream.error);
    if (stream.samples.empty()) continue;  // the others were faster to make all the calls
    samples.insert(samples.end(), stream.samples.begin(), stream.samples.end());
    first = std::min(first, stream.start);
    last = std::max(last, stream.end);
  }
  return {Statistics(std::move(samples)), seconds_between(first, last)};
}

}  // namespace

BenchmarkResult benchmark_streams(const std::vector<std::function<void()>>& works, const BenchmarkOptions& options) {
  if (works.empty()) throw std::invalid_argument("a benchmark of no streams");
  std::vector<Stream> streams;
  for (const auto& work : works) streams.push_back({&work, {}});
  Race race(options, streams.size());
  {
    std::vector<std::jthread> threads;
    try {
      for (size_t i = 1; i < streams.size(); ++i) threads.emplace_back([&, i] { streams[i].run(race); });
    } catch (...) {  // the system refuses a thread: those that wait for us and for the missing are let go
      race.failed = true;
      (void)race.start.arrive(ptrdiff_t(streams.size() - threads.size()));
      throw;
    }
    streams[0].run(race);
  }
  return result_of(streams);
}

BenchmarkResult benchmark(const std::function<void()>& work, const BenchmarkOptions& options) {
  return benchmark_streams({work}, options);
}

}  // namespace sparsec
