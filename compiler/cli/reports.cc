// What the compiler tells about a model, in words and as a web page.
#include "compiler/cli/reports.h"

#include <fmt/format.h>

#include <filesystem>

#include "compiler/analysis/report_html.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

std::string targets_of(const Compiled& compiled) {
  std::string out;
  for (const Plan& plan : compiled.plans) out += (out.empty() ? "" : ", ") + std::string(plan.isa->name);
  return out;
}

PlanView view_of(const Plan& plan) {
  PlanView view;
  for (const StepImage& step : plan.program.steps) view.steps.push_back(step.name);
  for (const ColumnGroup& g : plan.groups)
    view.groups.push_back({.first = g.first, .last = g.last, .bands = g.bands, .working_set_bytes = g.working_set});
  for (const Buffer& b : plan.places.buffers) {
    if (b.last >= b.first) view.buffers.push_back({b.name, b.offset, b.bytes, b.first, b.last});
  }
  view.arena_bytes = plan.program.arena_bytes;
  return view;
}

}  // namespace

std::string summary(const Compiled& compiled) {
  const WeightCounts& n = compiled.sparsity.total.counts;
  return fmt::format(
      "{} convolutions, {:.1f}% of their weights and {:.1f}% of their blocks of four are zero; {}; arena {:.1f} MB",
      compiled.sparsity.layers.size(), 100 * n.element_sparsity(), 100 * n.block_sparsity(), targets_of(compiled),
      compiled.plans.empty() ? 0 : double(compiled.plans[0].program.arena_bytes) / 1e6);
}

void print_plans(const Compiled& compiled) {
  for (const Plan& plan : compiled.plans) fmt::print("{}\n", print(plan, compiled.graph));
}

void write_report(const std::string& path, const std::string& model, const Compiled& compiled) {
  ReportInput input;
  input.model = std::filesystem::path(model).filename().string();
  input.sha256 = compiled.image.sha256;
  input.target = targets_of(compiled);
  input.compiler = compiled.image.compiler;
  input.options = compiled.image.options;
  input.sparsity = compiled.sparsity;
  if (!compiled.plans.empty()) input.plan = view_of(compiled.plans[0]);
  write_file(path, report_html(input));
}

}  // namespace sparsec::cli
