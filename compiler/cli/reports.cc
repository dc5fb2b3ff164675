// What the compiler tells about a model, in words and as a web page.
#include "compiler/cli/reports.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "compiler/analysis/report_html.h"
#include "compiler/cli/machine.h"
#include "compiler/error.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

std::string targets_of(const Compiled& compiled) {
  std::string out;
  for (const Plan& plan : compiled.plans) out += (out.empty() ? "" : ", ") + std::string(plan.isa->name);
  return out;
}

// Of all strips.
int64_t arena_of(const Plan& plan) { return plan.program.arena_bytes * plan.program.strips; }

// Rows of the picture (or of a strip) that each band of the group adds to its last layer: bands cut that layer evenly
// (plan/columns.cc).
int64_t rows_per_band(const ColumnGroup& group, const Plan& plan, const Graph& graph) {
  if (group.bands == 1) return 0;
  for (int32_t s = group.last; s >= group.first; --s) {
    const int32_t node = plan.step_node[size_t(s)];
    if (node < 0) continue;  // a border or a conversion
    const Shape& shape = graph.value(graph.nodes[size_t(node)].outputs[0]).shape;
    if (shape.size() == 4) return (shape[2] / plan.program.strips + group.bands - 1) / group.bands;
  }
  return 0;
}

PlanView view_of(const Plan& plan, const Graph& graph) {
  PlanView view;
  for (const StepImage& step : plan.program.steps) view.steps.push_back(step.name);
  for (const ColumnGroup& g : plan.groups)
    view.groups.push_back({.first = g.first,
                           .last = g.last,
                           .bands = g.bands,
                           .tile_rows = rows_per_band(g, plan, graph),
                           .working_set_bytes = g.working_set});
  for (const Buffer& b : plan.places.buffers) {
    if (b.last >= b.first) view.buffers.push_back({b.name, b.offset, b.bytes, b.first, b.last});
  }
  view.arena_bytes = plan.program.arena_bytes;
  view.strips = plan.program.strips;
  view.l2_bytes = plan.l2_bytes;
  return view;
}

MeasureView view_of(const Measured& m) {
  MeasureView view;
  view.machine =
      fmt::format("{}, {}, {} thread{}, batch {}", cpu_name(), m.isa, m.threads, m.threads == 1 ? "" : "s", m.batch);
  for (size_t i = 0; i < m.layers.size(); ++i) {
    const LayerWork& layer = m.layers[i];
    const LayerTime& time = m.times.layers[i];
    view.layers.push_back({.name = layer.name,
                           .op = layer.op,
                           .kernel = layer.kernel,
                           .integer = layer.integer,
                           .ms = time.ms,
                           .predicted_ms = m.predicted_ms(i),
                           .busy = time.busy,
                           .gmacs = m.gmacs(i),
                           .intensity = layer.bytes() > 0 ? double(layer.nonzero_macs) / double(layer.bytes()) : 0,
                           .of_peak = m.of_peak(i),
                           .bytes = layer.bytes()});
    view.total_ms += time.ms;
    view.total_predicted_ms += m.predicted_ms(i);
  }
  view.int8_gmacs = m.roofs.int8_gmacs;
  view.float_gmacs = m.roofs.float_gmacs;
  view.tile_gmacs = m.roofs.tile_gmacs;
  view.l2_gbs = m.roofs.l2_gbs;
  view.memory_gbs = m.roofs.memory_gbs;
  return view;
}

}  // namespace

std::string summary(const Compiled& compiled) {
  const WeightCounts& n = compiled.sparsity.total.counts;
  return fmt::format(
      "{} convolutions, {:.1f}% of their weights and {:.1f}% of their blocks of four are zero; {}; arena {:.1f} MB",
      compiled.sparsity.layers.size(), 100 * n.element_sparsity(), 100 * n.block_sparsity(), targets_of(compiled),
      compiled.plans.empty() ? 0 : double(arena_of(compiled.plans[0])) / 1e6);
}

void print_plans(const Compiled& compiled) {
  for (const Plan& plan : compiled.plans) fmt::print("{}\n", print(plan, compiled.graph));
}

void print_kernels(const Compiled& compiled, const std::string& layer) {
  bool found = false;
  for (const Plan& plan : compiled.plans) {
    for (const StepImage& step : plan.program.steps) {
      if (layer != "all" && layer != step.name) continue;
      found = true;
      std::set<int32_t> printed{-1};  // a ready-made step of the runtime is no kernel; equal groups share one
      for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
        const int32_t function = plan.program.calls[c].function;
        if (printed.insert(function).second) fmt::print("{}\n", kir::print(plan.program.functions[size_t(function)]));
      }
    }
  }
  if (!found) throw CompileError("--dump-kernels: there is no layer '" + layer + "'; --dump-plan lists them");
}

void write_report(const std::string& path, const std::string& model, const Compiled& compiled,
                  const Measured* measured) {
  ReportInput input;
  input.model = std::filesystem::path(model).filename().string();
  input.sha256 = compiled.image.sha256;
  input.target = targets_of(compiled);
  input.compiler = compiled.image.compiler;
  input.options = compiled.image.options;
  input.sparsity = compiled.sparsity;
  if (!compiled.plans.empty()) input.plan = view_of(compiled.plans[0], compiled.graph);
  if (measured) input.measured = view_of(*measured);
  write_file(path, report_html(input));
}

}  // namespace sparsec::cli
