// Which steps a schedule runs, in their order: a run of the whole model and detection each have their own. And what
// their calls say of them.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "codegen/emit/image.h"
#include "sparsec/abi.h"

namespace sparsec {

inline std::set<uint32_t> steps_of(std::span<const sparsec_work> schedule) {
  std::set<uint32_t> steps;
  for (const sparsec_work& work : schedule) steps.insert(work.step);
  return steps;
}

// Whether it reads rows of neighbouring strips; its calls are alike in that.
inline bool reads_neighbours(const ProgramImage& program, const StepImage& step) {
  return step.calls > 0 && program.calls[step.first_call].neighbour != 0;
}

// "bands end at tile 9 17 29": of a step that runs in bands.
inline std::string band_ends(std::span<const sparsec_work> schedule, uint32_t step) {
  std::string text = "bands end at tile";
  for (const sparsec_work& work : schedule)
    if (work.step == step) text += " " + std::to_string(work.end);
  return text;
}

}  // namespace sparsec
