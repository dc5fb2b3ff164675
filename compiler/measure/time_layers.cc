// The runtime's timed walk, again and again; entries of the schedule added up to layers, run by run.
#include <algorithm>
#include <chrono>

#include "compiler/error.h"
#include "compiler/measure/layers.h"
#include "sparsec/benchmark.h"

namespace sparsec {
namespace {

double median(const std::vector<double>& samples) { return Statistics(samples).median(); }
double least(const std::vector<double>& samples) { return Statistics(samples).min(); }

}  // namespace

LayerTimes time_layers(const sparsec_runtime_api& runtime, sparsec_rt_context* context,
                       const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                       const std::vector<LayerWork>& layers, double seconds) {
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const sparsec_program& program = *runtime.program(context);
  const auto threads = size_t(runtime.threads(context));
  std::vector<size_t> layer_of(program.n_steps, 0);
  for (size_t l = 0; l < layers.size(); ++l)
    for (const uint32_t step : layers[l].steps) layer_of[step] = l;

  std::vector<std::vector<double>> elapsed(layers.size()), busy(layers.size());
  std::vector<double> whole;
  std::vector<sparsec_rt_entry_time> times(threads * program.n_schedule);
  const auto begin = Clock::now();
  do {
    std::fill(times.begin(), times.end(), sparsec_rt_entry_time{});
    const auto start = Clock::now();
    const int32_t status = runtime.run_timed(context, inputs.data(), outputs.data(), times.data());
    whole.push_back(Milliseconds(Clock::now() - start).count());
    SPARSEC_CHECK(status == SPARSEC_OK, runtime.status_text(status));
    std::vector<double> ms(layers.size(), 0), work(layers.size(), 0);
    for (uint32_t e = 0; e < program.n_schedule; ++e) {
      const size_t layer = layer_of[program.schedule[e].step];
      for (size_t t = 0; t < threads; ++t) {
        const sparsec_rt_entry_time& time = times[t * program.n_schedule + e];
        ms[layer] += 1e-6 * double(time.work + time.wait) / double(threads);
        work[layer] += 1e-6 * double(time.work) / double(threads);
      }
    }
    for (size_t l = 0; l < layers.size(); ++l) {
      elapsed[l].push_back(ms[l]);
      busy[l].push_back(ms[l] > 0 ? std::min(1.0, work[l] / ms[l]) : 1);
    }
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);

  LayerTimes result;
  for (size_t l = 0; l < layers.size(); ++l)
    result.layers.push_back({median(elapsed[l]), least(elapsed[l]), median(busy[l])});
  result.run_ms = median(whole);
  result.runs = int64_t(whole.size());
  return result;
}

}  // namespace sparsec
