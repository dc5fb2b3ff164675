// Of a plan in strips: threads meet where they read what neighbours wrote, and that lives until they meet again. No
// order of threads that a simulator runs shows this on both sides of a strip.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "compiler/plan/plan.h"

namespace sparsec::testing {

// Counts the meetings.
inline void expect_edges_live(const Plan& plan, const std::vector<sparsec_work>& schedule, int* meetings) {
  const ProgramImage& program = plan.program;
  const auto has_neighbour = [&](const StepImage& step) {
    return std::any_of(program.calls.begin() + step.first_call, program.calls.begin() + step.first_call + step.calls,
                       [](const CallImage& call) { return call.neighbour != 0; });
  };
  for (size_t e = 0; e < schedule.size(); ++e) {
    const StepImage& step = program.steps[schedule[e].step];
    ASSERT_EQ(schedule[e].strips_meet != 0, has_neighbour(step)) << step.name;
    if (schedule[e].strips_meet == 0) continue;
    ++*meetings;
    uint32_t until = schedule[e].step;
    for (size_t next = e + 1; next < schedule.size(); ++next) {
      if (schedule[next].strips_meet != 0) break;
      until = std::max(until, schedule[next].step);
    }
    for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
      const CallImage& call = program.calls[c];
      ASSERT_TRUE(call.neighbour == -1 || call.neighbour == 1) << step.name;
      const sparsec_pointer& theirs = program.pointers[call.first_pointer + 1];
      ASSERT_EQ(theirs.space, uint32_t(SPARSEC_ARENA));
      const int64_t at = theirs.offset - call.neighbour * program.arena_bytes;
      int found = 0;
      for (const Buffer& b : plan.places.buffers) {
        if (at < b.offset || at >= b.offset + b.bytes || b.first > int32_t(schedule[e].step) ||
            b.last < int32_t(schedule[e].step))
          continue;
        ++found;
        EXPECT_GE(b.last, int32_t(until)) << b.name << " after " << step.name;
      }
      EXPECT_EQ(found, 1) << step.name;
    }
  }
}

}  // namespace sparsec::testing
