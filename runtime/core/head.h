// From the head's planes to candidates, in the order of the decoded tensor's rows: level, anchor, row, column.
#pragma once

#include <cstdint>

#include "runtime/core/nms.h"
#include "sparsec/abi.h"

namespace sparsec::rt {

// How many boxes the head can find.
int64_t boxes_of(const sparsec_head& head);

// Adds every box whose objectness is above `confidence` and whose score (objectness times class) is too: for its best
// class, or for each class when `multi_label`. planes[i]: where level i's planes begin.
void find_candidates(const sparsec_head& head, const char* const* planes, float confidence, bool multi_label,
                     Candidates& found);

// The same from decoded rows: `boxes` of 5 + classes floats (centre, size, objectness, class scores).
void find_candidates(const float* decoded, int64_t boxes, int32_t classes, float confidence, bool multi_label,
                     Candidates& found);

}  // namespace sparsec::rt
