// Each step's place in the plan in a line, for who reads the generated code:
//
//   plan: step 2 in the group of steps 0 to 5 in 7 bands; 66 tiles, bands end at tile 9 17 29 38 50 58 66
#include <algorithm>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/steps.h"

namespace sparsec {
namespace {

std::string place_of(int32_t step, const StepImage& image, const std::vector<ColumnGroup>& groups,
                     const std::vector<sparsec_work>& schedule) {
  const auto group =
      std::ranges::find_if(groups, [step](const ColumnGroup& g) { return g.first <= step && step <= g.last; });
  SPARSEC_CHECK(group != groups.end(), image.name + " is in no group");
  std::string text = group->first == group->last
                         ? "step " + std::to_string(step) + " alone"
                         : "step " + std::to_string(step) + " in the group of steps " + std::to_string(group->first) +
                               " to " + std::to_string(group->last);
  text += " in " + std::to_string(group->bands) + (group->bands == 1 ? " band; " : " bands; ") +
          std::to_string(image.tiles) + (image.tiles == 1 ? " tile" : " tiles");
  if (group->bands == 1) return text;
  return text + ", " + band_ends(schedule, uint32_t(step));
}

}  // namespace

void describe_steps(Plan& plan) {
  const std::set<uint32_t> runs = steps_of(plan.program.schedule), detects = steps_of(plan.program.detect_schedule);
  for (uint32_t s = 0; s < plan.program.steps.size(); ++s) {
    StepImage& step = plan.program.steps[s];
    const auto number = int32_t(s);
    if (runs.contains(s)) {
      step.plan = "plan: " + place_of(number, step, plan.groups, plan.program.schedule);
    } else if (detects.contains(s)) {
      step.plan = "plan: of detection, " + place_of(number, step, plan.detect_groups, plan.program.detect_schedule);
    } else {
      step.plan = "plan: in no schedule; " + std::to_string(step.tiles) + " tiles";
    }
  }
}

}  // namespace sparsec
