// sparsec benchmark MODEL: how fast a model runs, in the lines that DeepSparse prints.
//
// One stream: batch after batch, each from float (or whatever the model takes) N,C,H,W tensors to the complete outputs.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "compiler/cli/benchmark_images.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/session.h"
#include "sparsec/benchmark.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  std::string model;
  BenchmarkOptions timing;
  bool quiet = false;
  std::vector<std::string> images;
  ModelOptions model_options;
  LoadOptions load_options;
};

// Reproducible noise: floats in [0, 1), bytes in 0..255, other integers zero.
NpyArray noise(const TensorSpec& spec, std::mt19937& random) {
  NpyArray array{spec.type, spec.shape, {}};
  const auto count = size_t(array.elements());
  array.bytes.resize(count * size_of(spec.type));
  for (size_t i = 0; i < count; ++i) {
    const uint32_t bits = random();
    if (spec.type == NpyType::f32) {
      const float value = float(bits >> 8) / float(1 << 24);
      std::memcpy(&array.bytes[i * sizeof value], &value, sizeof value);
    } else if (size_of(spec.type) == 1) {
      array.bytes[i] = std::byte(bits >> 24);
    }
  }
  return array;
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

void print_conditions(const LoadedModel& model) {
  fmt::print("CPU: {} ({} logical)\n", cpu_name(), std::thread::hardware_concurrency());
  fmt::print("Instruction set: {}\n", model.isa());
  fmt::print("Threads: {}\n", model.threads());
#ifndef NDEBUG
  fmt::print("Warning: this sparsec is built with checks, not as a release\n");
#endif
}

void print_result(const Arguments& a, const LoadedModel& model, const BenchmarkResult& r) {
  const Statistics& s = r.latency_ms;
  fmt::print("Original Model Path: {}\n", a.model);
  fmt::print("Batch Size: {}\n", model.batch());
  fmt::print("Scenario: sync\n");
  fmt::print("Throughput (items/sec): {:.4f}\n", double(model.batch() * r.iterations()) / r.seconds);
  fmt::print("Latency Mean (ms/batch): {:.4f}\n", s.mean());
  fmt::print("Latency Median (ms/batch): {:.4f}\n", s.median());
  fmt::print("Latency Std (ms/batch): {:.4f}\n", s.std());
  fmt::print("Iterations: {}\n", r.iterations());
}

Result run_benchmark(const Arguments& a) {
  const LoadedModel model = open_model(a.model, a.model_options, a.load_options);
  if (!a.images.empty()) {
    if (!a.quiet) print_conditions(model);
    print_image_benchmark(a.model, benchmark_images(model, a.images, a.timing));
    return kOk;
  }
  std::mt19937 random(1);
  std::vector<NpyArray> inputs, outputs;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (const TensorSpec& spec : model.inputs()) inputs.push_back(noise(spec, random));
  for (const TensorSpec& spec : model.outputs()) outputs.push_back(noise(spec, random));
  for (const NpyArray& array : inputs) in.push_back(array.bytes.data());
  for (NpyArray& array : outputs) out.push_back(array.bytes.data());
  if (!a.quiet) print_conditions(model);
  print_result(a, model, benchmark([&] { model.run(in, out); }, a.timing));
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
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str()
      ->type_name("S");
  command->add_option("-w,--warmup", a->timing.warmup_seconds, "Seconds to run before measuring")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str()
      ->type_name("S");
  command->add_option("--iterations", a->timing.iterations, "Measure this many runs instead of for a time")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->type_name("N");
  command
      ->add_option("--images", a->images,
                   "Measure from these pictures (files, or folders of them) to boxes, and tell where the time goes")
      ->type_name("FILE");
  command->add_flag("-q,--quiet", a->quiet, "Print the results only, not the machine");
  add_model_options(*command, a->model_options);
  command->get_option("--batch")->description(
      "Pictures per run (default: the model's, or 1 where it is dynamic); also -b");
  command->add_option_function<int64_t>(
             "-b", [a](int64_t n) { a->model_options.batch = n; }, "The same as --batch")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group("Model");
  add_load_options(*command, a->load_options);
  command->footer(
      "One stream of batches, each from raw input tensors to the complete outputs, one after the other.\n\n"
      "  sparsec benchmark yolov5s.onnx --threads 2\n"
      "  sparsec benchmark yolov5s.onnx -b 8 -t 30 -w 5\n"
      "  sparsec benchmark libyolo.so --isa avx2\n"
      "  sparsec benchmark yolov5s.onnx --images photos/         from pictures to boxes, in parts\n");
  command->callback([a, &result] { result = run_benchmark(*a); });
}

}  // namespace sparsec::cli
