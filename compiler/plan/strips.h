// Cutting a picture into strips of as many rows, one for each core.
//
// Convolutions, pools and sums of whole tensors read rows that other cores wrote, and small planes of several threads
// lie so near each other that the caches' prefetchers carry lines from core to core. With a strip of every tensor in an
// arena of its own, a thread meets others only where a kernel reads beyond the strip's edge: those rows are copied from
// the neighbours' arenas (Lowering::need_rows_around), as domain decomposition has it with its halos.
//
// The graph that is lowered is that of one strip: its values have as many rows as a strip has. All strips run the same
// kernels; what differs are pointers (sparsec_pointer::strip).
#pragma once

#include "compiler/plan/detection.h"

namespace sparsec {

// Cuts the graph's pictures into so many strips, if all of it works on planes and all rows can be divided. Returns how
// many there are: else one.
int32_t cut_into_strips(DetectionGraph& detection, const Isa& isa, int32_t strips);

}  // namespace sparsec
