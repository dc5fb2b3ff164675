// sparsec benchmark MODEL: how fast a model runs, in the lines that DeepSparse prints.
//
// Batch after batch, each from float (or whatever the model takes) N,C,H,W tensors to the complete outputs; one after
// the other (sync), or from several streams at once, each with its own context and share of the threads (async).
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "compiler/cli/benchmark_export.h"
#include "compiler/cli/benchmark_images.h"
#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/machine.h"
#include "compiler/cli/measure.h"
#include "compiler/cli/numbers.h"
#include "compiler/cli/outputs.h"
#include "compiler/cli/streams.h"
#include "compiler/error.h"
#include "sparsec/benchmark.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  std::string model;
  BenchmarkOptions timing;
  bool quiet = false, layers = false;
  std::vector<std::string> images;
  std::string export_path;
  std::string scenario;
  std::optional<int> streams;
  ModelOptions model_options;
  LoadOptions load_options;
};

void print_conditions(const Arguments& a, const LoadedModel& model, const Scenario& scenario, int threads) {
  fmt::print("CPU: {} ({} logical)\n", cpu_name(), std::thread::hardware_concurrency());
  fmt::print("Instruction set: {}\n", model.isa());
  fmt::print("Threads: {}{}\n", threads, a.load_options.pin ? ", pinned" : "");
  if (scenario.async) fmt::print("Streams: {}\n", scenario.streams);
  if (kCheckedBuild) fmt::print("Warning: this sparsec is built with checks, not as a release\n");
}

void print_result(const Arguments& a, const LoadedModel& model, bool async, const BenchmarkResult& r) {
  const Statistics& s = r.latency_ms;
  fmt::print("Original Model Path: {}\n", a.model);
  fmt::print("Batch Size: {}\n", model.batch());
  fmt::print("Scenario: {}\n", async ? "async" : "sync");
  fmt::print("Throughput (items/sec): {:.4f}\n", double(model.batch() * r.iterations()) / r.seconds);
  fmt::print("Latency Mean (ms/batch): {:.4f}\n", s.mean());
  fmt::print("Latency Median (ms/batch): {:.4f}\n", s.median());
  fmt::print("Latency Std (ms/batch): {:.4f}\n", s.std());
  fmt::print("Iterations: {}\n", r.iterations());
}

Result run_benchmark(const Arguments& a) {
  const Scenario scenario = scenario_of(a.scenario, a.streams, a.load_options, a.model);
  if (scenario.async && (a.layers || !a.images.empty())) {
    throw UsageError(a.model + ": " + (a.layers ? "--layers" : "--images") +
                     " looks at one stream; try --scenario sync, without --streams");
  }
  if (!a.export_path.empty()) check_outputs({{"--export_path", a.export_path}}, files_read(a.model, a.model_options));
  const std::vector<Image> pictures = read_pictures(a.images);
  const LoadOptions load = options_of_stream(scenario, a.load_options, 0);
  const OpenedModel opened = a.layers ? open_with_plan(a.model, a.model_options, load)
                                      : OpenedModel{nullptr, open_model(a.model, a.model_options, load)};
  const LoadedModel& model = opened.model;
  if (!a.images.empty()) {
    if (!a.quiet) print_conditions(a, model, scenario, model.threads());
    print_image_benchmark(a.model, benchmark_images(model, pictures, a.timing));
    return kOk;
  }
  const Streams streams(model, scenario, a.load_options);
  if (!a.quiet) print_conditions(a, model, scenario, streams.threads());
  const BenchmarkResult result = benchmark_streams(streams.runs(), a.timing);
  print_result(a, model, scenario.async, result);
  std::optional<Measured> layers;
  if (a.layers) {
    RoofBench roofs(isa_of(model), model.threads());
    layers = measure_layers(opened, streams.tensors(0), roofs, result.seconds);
    fmt::print("\n{}", print_layers(*layers));
  }
  if (!a.export_path.empty())
    write_json(a.export_path, benchmark_json(model, a.timing, streams, result, layers ? &*layers : nullptr));
  return kOk;
}

}  // namespace

void add_benchmark(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("benchmark", "Measure throughput and latency");
  const auto a = std::make_shared<Arguments>();
  command->add_option("MODEL", a->model, "An .onnx file, or a shared library that sparsec made")
      ->required()
      ->type_name("");
  command->add_option("-t,--time", a->timing.seconds, "Seconds to measure")
      ->check(number(0, 86400))
      ->capture_default_str()
      ->type_name("S");
  command->add_option("-w,--warmup", a->timing.warmup_seconds, "Seconds to run before measuring")
      ->check(number(0, 86400))
      ->capture_default_str()
      ->type_name("S");
  command->add_option("--iterations", a->timing.iterations, "Measure this many runs instead of for a time")
      ->check(whole_number(1, int64_t{1} << 40))
      ->type_name("N");
  command
      ->add_option("-s,--scenario", a->scenario,
                   "sync: batch after batch; async: from several streams at once (default: sync, or "
                   "async where --streams asks for more than one)")
      ->check(CLI::IsMember({"sync", "async"}))
      ->type_name("WHEN");
  command
      ->add_option_function<int>(
          "--streams,--num_streams", [a](int n) { a->streams = n; },
          "Contexts of the model that work at once, each with its share of the threads (default of "
          "async: one for every two threads)")
      ->check(whole_number(1, 256))
      ->type_name("S");
  command
      ->add_option(
          "--images", a->images,
          "Measure from these pictures (files, or folders of them) to boxes, and tell where the time goes. They "
          "end before a .onnx or .so")
      ->allow_extra_args(false)  // words.h gives each picture an option of its own
      ->type_name("FILE");
  command->add_flag("-q,--quiet", a->quiet, "Print the results only, not the machine");
  command
      ->add_flag("--layers", a->layers,
                 "Time every layer too, against the machine's measured peaks; takes as long again")
      ->excludes("--images");
  command->add_option("-x,--export_path", a->export_path, "Write the results as JSON too")
      ->type_name("FILE")
      ->excludes("--images");
  add_model_options(*command, a->model_options);
  add_load_options(*command, a->load_options);
  command->footer(
      "Batches from raw input tensors to the complete outputs, one after the other or from several streams at once.\n"
      "The throughput is that of all streams together, from first start to last end; a latency is one batch's.\n\n"
      "  sparsec benchmark yolov5s.onnx --threads 2\n"
      "  sparsec benchmark yolov5s.onnx -b 8 -t 30 -w 5\n"
      "  sparsec benchmark yolov5s.onnx --threads 8 --streams 4\n"
      "  sparsec benchmark yolov5s.onnx --layers -x layers.json\n"
      "  sparsec benchmark libyolo.so --isa avx2\n"
      "  sparsec benchmark yolov5s.onnx --images photos/         from pictures to boxes, in parts\n");
  command->callback([a, &result] { result = run_benchmark(*a); });
}

}  // namespace sparsec::cli
