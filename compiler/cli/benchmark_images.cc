// Each detection tells its own times (sparsec_rt_detect_timed); those of the warm-up are dropped.
#include "compiler/cli/benchmark_images.h"

#include <fmt/format.h>

#include "compiler/cli/pictures.h"
#include "compiler/error.h"

namespace sparsec::cli {
namespace {

double mean_ms(const std::vector<sparsec_rt_detect_times>& times, int64_t sparsec_rt_detect_times::* part) {
  double sum = 0;
  for (const sparsec_rt_detect_times& t : times) sum += double(t.*part);
  return sum / double(times.size()) / 1e6;
}

}  // namespace

std::vector<Image> read_pictures(const std::vector<std::string>& files) {
  std::vector<Image> pictures;
  if (files.empty()) return pictures;
  for (const std::string& file : expand_pictures(files)) pictures.push_back(codecs::read_image(file));
  return pictures;
}

ImageBenchmark benchmark_images(const LoadedModel& model, const std::vector<Image>& pictures,
                                const BenchmarkOptions& timing) {
  if (model.classes() == 0)
    throw CompileError(model.source() +
                       ": is not a detector, so there is nothing to find in pictures; leave out --images to measure it "
                       "on raw tensors");
  std::vector<sparsec_rt_detect_times> times;
  const auto detect_next = [&] {
    sparsec_rt_detect_times t{};
    model.detect(pictures[times.size() % pictures.size()], {}, &t);
    times.push_back(t);
  };
  BenchmarkResult all = benchmark(detect_next, timing);
  times.erase(times.begin(), times.end() - ptrdiff_t(all.iterations()));
  return {std::move(all), mean_ms(times, &sparsec_rt_detect_times::letterbox_ns),
          mean_ms(times, &sparsec_rt_detect_times::network_ns), mean_ms(times, &sparsec_rt_detect_times::head_ns)};
}

void print_image_benchmark(const std::string& model_path, const ImageBenchmark& r) {
  const double total = r.all.latency_ms.mean();
  fmt::print("Original Model Path: {}\n", model_path);
  fmt::print("Batch Size: 1\n");
  fmt::print("Scenario: sync\n");
  fmt::print("Iterations: {}\n", r.all.iterations());
  fmt::print("Total Runtime: {:.4f}\n", r.all.seconds);
  fmt::print("Throughput (items/sec): {:.4f}\n", double(r.all.iterations()) / r.all.seconds);
  fmt::print("Latency Mean (ms/batch): {:.4f}\n", total);
  fmt::print("Latency Median (ms/batch): {:.4f}\n", r.all.latency_ms.median());
  fmt::print("Latency Std (ms/batch): {:.4f}\n", r.all.latency_ms.std());
  const std::pair<const char*, double> parts[] = {{"pre_process", r.pre_ms},
                                                  {"engine_forward", r.forward_ms},
                                                  {"post_process", r.post_ms},
                                                  {"total_inference", total}};
  fmt::print("Processing Time Breakdown:\n");
  for (const auto& [name, ms] : parts) fmt::print("     {}: {:.2f}%\n", name, 100 * ms / total);
  fmt::print("Mean Latency Breakdown (ms/batch):\n");
  for (const auto& [name, ms] : parts) fmt::print("     {}: {:.4f}\n", name, ms);
}

}  // namespace sparsec::cli
