// The plan as text.
#include <cstdio>

#include "compiler/plan/plan.h"

namespace sparsec {
namespace {

template <typename... Args>
std::string format(const char* pattern, Args... args) {
  char line[512];
  std::snprintf(line, sizeof line, pattern, args...);
  return line;
}

}  // namespace

std::string print(const Plan& plan, const Graph&) {
  std::string out =
      format("plan for %s: %zu steps, %zu kernels, arena %.2f MB, constants %.2f MB\n",
             std::string(plan.isa->name).c_str(), plan.program.steps.size(), plan.program.functions.size(),
             double(plan.program.arena_bytes) / 1e6, double(plan.program.constants.size()) / 1e6);
  for (const ColumnGroup& g : plan.groups) {
    out += format("group: steps %d to %d in %d band%s, working set %lld KB\n", g.first, g.last, g.bands,
                  g.bands == 1 ? "" : "s", static_cast<long long>(g.working_set / 1024));
    for (int32_t s = g.first; s <= g.last; ++s) {
      const StepImage& step = plan.program.steps[size_t(s)];
      out += format("  step %d: %s\n    %lld tiles, %u call%s, threads share %s\n", s, step.comment.c_str(),
                    static_cast<long long>(step.tiles), step.calls, step.calls == 1 ? "" : "s",
                    step.split ? "the calls" : "the tiles");
      if (g.bands == 1) continue;
      out += "    bands end at tile";
      for (const sparsec_work& w : plan.program.schedule)
        if (int32_t(w.step) == s) out += format(" %lld", static_cast<long long>(w.end));
      out += '\n';
    }
  }
  out += "arena:\n";
  for (const Buffer& b : plan.places.buffers)
    if (b.last >= 0)
      out += format("  %9lld + %9lld  steps %3d to %3d  %s\n", static_cast<long long>(b.offset),
                    static_cast<long long>(b.bytes), b.first, b.last, b.name.c_str());
  return out;
}

}  // namespace sparsec
