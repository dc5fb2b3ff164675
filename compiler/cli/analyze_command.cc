// sparsec analyze MODEL: where the zeros are, and what they save.
#include <fmt/format.h>

#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/reports.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  std::string model, report;
  bool dump_plan = false;
  ModelOptions model_options;
};

Result analyze(const Arguments& a) {
  const Compiled compiled = compile_with_progress(a.model, compile_options(a.model_options));
  fmt::print("{}", print_table(compiled.sparsity));
  if (a.dump_plan) print_plans(compiled);
  if (!a.report.empty()) write_report(a.report, a.model, compiled);
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
  add_model_options(*command, a->model_options);
  command->footer(
      "A block is four neighbouring input channels of one tap and one output channel: what one instruction multiplies. "
      "Blocks of zeros cost nothing; single\n"
      "zeros in other blocks do.\n\n"
      "  sparsec analyze yolov5s.onnx\n"
      "  sparsec analyze yolov5s.onnx --report yolov5s.html\n");
  command->callback([a, &result] { result = analyze(*a); });
}

}  // namespace sparsec::cli
