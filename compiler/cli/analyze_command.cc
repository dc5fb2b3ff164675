// sparsec analyze MODEL: where the zeros are, and what they save.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/measure.h"
#include "compiler/cli/outputs.h"
#include "compiler/cli/reports.h"
#include "sparsec/benchmark.h"

namespace sparsec::cli {
namespace {

constexpr double kMeasureSeconds = 3;
constexpr BenchmarkOptions kWarmUp{.warmup_seconds = 0.5, .seconds = 0};

struct Arguments {
  std::string model, report;
  bool dump_plan = false, measure = false;
  ModelOptions model_options;
  LoadOptions load_options;
};

Result analyze(const Arguments& a) {
  require_onnx(a.model);
  if (!a.report.empty()) check_outputs({{"--report", a.report}}, files_read(a.model, a.model_options));
  std::shared_ptr<const Compiled> compiled;
  std::optional<Measured> measured;
  if (a.measure) {
    const OpenedModel opened = open_with_plan(a.model, a.model_options, a.load_options);
    const NoiseTensors tensors(opened.model);
    RoofBench roofs(isa_of(opened.model), opened.model.threads());
    benchmark([&] { opened.model.run(tensors.in(), tensors.out()); }, kWarmUp);
    measured = measure_layers(opened, tensors, roofs, kMeasureSeconds);
    compiled = opened.compiled;
  } else {
    compiled = std::make_shared<const Compiled>(
        compile_with_progress(a.model, compile_options(a.model_options, a.load_options)));
  }
  fmt::print("{}", print_table(compiled->sparsity));
  if (a.dump_plan) print_plans(*compiled);
  if (measured) fmt::print("\nmeasured here:\n{}", print_layers(*measured));
  if (!a.report.empty()) write_report(a.report, a.model, *compiled, measured ? &*measured : nullptr);
  return kOk;
}

}  // namespace

void add_analyze(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("analyze", "Show a model's sparsity, layer by layer, and what it saves");
  const auto a = std::make_shared<Arguments>();
  command->add_option("MODEL", a->model, "An .onnx file")->required()->type_name("");
  command
      ->add_option("--report", a->report, "Write it as a web page too, with pictures of each layer's non-zero blocks")
      ->type_name("FILE");
  command->add_flag("--dump-plan", a->dump_plan, "Print the plan too: groups of layers, columns, arena");
  command->add_flag(
      "--measure", a->measure,
      "Run the model here and time its layers against the machine's measured peaks; the web page shows it too");
  add_model_options(*command, a->model_options);
  add_load_options(*command, a->load_options);
  for (const char* of_running : {"--threads", "--pin"}) command->get_option(of_running)->needs("--measure");
  command->footer(
      "A block is four neighbouring input channels of one tap and one output channel: what one instruction multiplies. "
      "Blocks of zeros cost nothing; single\n"
      "zeros in other blocks do.\n\n"
      "  sparsec analyze yolov5s.onnx\n"
      "  sparsec analyze yolov5s.onnx --report yolov5s.html\n"
      "  sparsec analyze yolov5s.onnx --measure --threads 2 --report yolov5s.html\n");
  command->callback([a, &result] { result = analyze(*a); });
}

}  // namespace sparsec::cli
