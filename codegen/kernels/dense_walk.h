// The loops of a dense kernel over its runs of planes (dense_runs.h).
//
// A run's body is written once, for the planes of one turn; the words of the turns after the first follow its own in
// the stream, and the input pointer walks along from run to run and back to the first plane.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/builder.h"
#include "codegen/kernels/conv_epilogue.h"
#include "codegen/kernels/dense_runs.h"

namespace sparsec::kernels {

// `planes_a_turn(run)` divides the run's planes. `body(run, planes, turns)` writes the products of so many planes and
// returns the words of the turns after the first, in the order of use.
template <typename PlanesATurn, typename Body>
void walk_runs(Builder& b, WordStream& stream, const ConvSpec& spec, const std::vector<PlaneRun>& runs,
               PlanesATurn planes_a_turn, Body body) {
  int64_t plane = 0;  // where the input pointer stands
  const auto go_to = [&](int64_t to) {
    b.advance(kInputPointer, (to - plane) * spec.in_plane_bytes);
    plane = to;
  };
  for (const PlaneRun& run : runs) {
    go_to(run.first);
    const int64_t planes = planes_a_turn(run), turns = run.count / planes;
    if (turns > 1) {
      stream.move_to(stream.bytes());
      b.loop(turns);
    }
    const std::vector<uint32_t> later = body(run, planes, turns);
    if (turns == 1) continue;
    stream.move_to(stream.bytes());
    b.advance(kInputPointer, planes * spec.in_plane_bytes);
    b.end();
    plane += run.count;
    stream.append(later, stream.bytes() + int64_t(later.size()) * 4);
  }
  go_to(0);
}

}  // namespace sparsec::kernels
