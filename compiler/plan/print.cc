// The plan as text.
#include <cstdio>

#include "compiler/plan/plan.h"
#include "compiler/plan/steps.h"

namespace sparsec {
namespace {

template <typename... Args>
std::string format(const char* pattern, Args... args) {
  char line[512];
  std::snprintf(line, sizeof line, pattern, args...);
  return line;
}

std::string describe(const ProgramImage& program, int32_t number) {
  const StepImage& step = program.steps[size_t(number)];
  return format("  step %d: %s\n    %lld tiles, %u call%s, %s\n", number, step.comment.c_str(),
                static_cast<long long>(step.tiles), step.calls, step.calls == 1 ? "" : "s",
                reads_neighbours(program, step) ? "strips meet before it"
                : step.split                    ? "threads share the calls"
                                                : "threads share the tiles");
}

// What detection does besides, and what it leaves out.
std::string print_detection(const Plan& plan, const std::set<uint32_t>& runs) {
  if (plan.program.head.levels == 0) return "";
  const std::set<uint32_t> detects = steps_of(plan.program.detect_schedule);
  std::string out = "detection: the steps above, ", without;
  for (const uint32_t s : runs)
    if (!detects.contains(s)) without += format(" %u", s);
  out += (without.empty() ? "" : "without step" + without + ", and ") + "with\n";
  for (uint32_t s = 0; s < plan.program.steps.size(); ++s)
    if (!runs.contains(s)) out += describe(plan.program, int32_t(s));
  for (uint32_t i = 0; i < plan.program.head.levels; ++i) {
    const sparsec_level& level = plan.program.head.level[i];
    if (level.anchors == 0) out += format("  boxes are read from output %u\n", level.where.index);
    if (level.cells_per_tile > 0)
      out += format("  step %u only for tiles where there is an object, stride %d\n", level.step, int(level.stride));
  }
  return out;
}

}  // namespace

std::string print(const Plan& plan, const Graph&) {
  const std::set<uint32_t> runs = steps_of(plan.program.schedule);
  std::string out =
      format("plan for %s: %zu steps, %zu kernels, arena %.2f MB, constants %.2f MB, columns for an L2 of %lld KB\n",
             std::string(plan.isa->name).c_str(), plan.program.steps.size(), plan.program.functions.size(),
             double(plan.program.arena_bytes) / 1e6, double(plan.program.constants.size()) / 1e6,
             static_cast<long long>(plan.l2_bytes / 1024));
  if (plan.program.strips > 1)
    out += format("picture in %d strips, each with such an arena; shapes and tiles are of one\n", plan.program.strips);
  for (const ColumnGroup& g : plan.groups) {
    out += format("group: steps %d to %d in %d band%s, working set %lld KB%s\n", g.first, g.last, g.bands,
                  g.bands == 1 ? "" : "s", static_cast<long long>(g.working_set / 1024),
                  g.working_set > plan.l2_bytes ? ", more than the L2" : "");
    for (int32_t s = g.first; s <= g.last; ++s) {
      if (!runs.contains(uint32_t(s))) continue;
      out += describe(plan.program, s);
      if (g.bands == 1) continue;
      out += "    " + band_ends(plan.program.schedule, uint32_t(s)) + '\n';
    }
  }
  out += print_detection(plan, runs) + "arena:\n";
  for (const Buffer& b : plan.places.buffers)
    if (b.last >= 0)
      out += format("  %9lld + %9lld  steps %3d to %3d  %s\n", static_cast<long long>(b.offset),
                    static_cast<long long>(b.bytes), b.first, b.last, b.name.c_str());
  return out;
}

}  // namespace sparsec
