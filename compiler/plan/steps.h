// Which steps a schedule runs, in their order: a run of the whole model and detection each have their own.
#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "sparsec/abi.h"

namespace sparsec {

inline std::set<uint32_t> steps_of(std::span<const sparsec_work> schedule) {
  std::set<uint32_t> steps;
  for (const sparsec_work& work : schedule) steps.insert(work.step);
  return steps;
}

}  // namespace sparsec
