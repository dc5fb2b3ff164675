// DeepSparse's keys first and in its order; then ours.
#include "compiler/cli/benchmark_export.h"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "compiler/cli/machine.h"
#include "compiler/version.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

using nlohmann::ordered_json;

const char* name_of(const Scenario& scenario) { return scenario.async ? "multistream" : "singlestream"; }

ordered_json result_json(const LoadedModel& model, const Scenario& scenario, const BenchmarkResult& r) {
  const Statistics& s = r.latency_ms;
  ordered_json out = {{"scenario", name_of(scenario)},
                      {"items_per_sec", double(model.batch() * r.iterations()) / r.seconds},
                      {"seconds_ran", r.seconds},
                      {"iterations", r.iterations()},
                      {"median", s.median()},
                      {"mean", s.mean()},
                      {"std", s.std()}};
  constexpr std::array<std::pair<const char*, double>, 7> kPercentiles{
      {{"25.0%", 25}, {"50.0%", 50}, {"75.0%", 75}, {"90.0%", 90}, {"95.0%", 95}, {"99.0%", 99}, {"99.9%", 99.9}}};
  for (const auto& [name, percent] : kPercentiles) out[name] = s.percentile(percent);
  return out;
}

}  // namespace

ordered_json benchmark_json(const LoadedModel& model, const BenchmarkOptions& timing, const Streams& streams,
                            const BenchmarkResult& result, const Measured* layers) {
  ordered_json shapes = ordered_json::array();
  for (const TensorSpec& spec : model.inputs()) shapes.push_back(spec.shape);
  ordered_json out = {{"engine", "sparsec"},
                      {"version", kVersion},
                      {"orig_model_path", model.source()},
                      {"model_path", model.source()},
                      {"batch_size", model.batch()},
                      {"input_shapes", shapes},
                      {"num_cores", streams.threads()},
                      {"scenario", name_of(streams.scenario())},
                      {"scheduler", "static"},
                      {"seconds_to_run", timing.seconds},
                      {"num_streams", streams.scenario().streams},
                      {"benchmark_result", result_json(model, streams.scenario(), result)},
                      {"fraction_of_supported_ops", 1.0},
                      {"isa", model.isa()},
                      {"checked_build", kCheckedBuild},
                      {"machine", machine_json()}};
  if (layers) out.update(layers_json(*layers));
  return out;
}

void write_json(const std::string& path, const ordered_json& json) {
  write_file(path, json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace sparsec::cli
