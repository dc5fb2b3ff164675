// From the head's planes, or from decoded rows, to candidates, in the order of the decoded tensor's rows: level,
// anchor, row, column.
#pragma once

#include <cstdint>

#include "runtime/core/nms.h"
#include "sparsec/abi.h"

namespace sparsec::rt {

// How many boxes the head can find.
int64_t boxes_of(const sparsec_head& head);

// How a picture's rows lie: strips of as many, `bytes` apart. By default all are in one.
struct Strips {
  int32_t count = 1;
  int64_t bytes = 0;
};

// Where a level's planes begin, and where the objectness of anchor a is: `objectness` + objectness_stride * a, rows and
// columns as in the planes.
struct LevelPlanes {
  const char *planes, *objectness;
  int64_t objectness_stride;
  Strips strips;
  int32_t strip_rows;
  // From row 0 to row y, in bytes.
  int64_t row(const sparsec_level& level, int64_t y) const {
    return y / strip_rows * strips.bytes + y % strip_rows * level.row_stride;
  }
};
// The planes at `where`, objectness as a channel of them; of a lazy level, the planes of `objectness`.
LevelPlanes level_planes(const sparsec_head& head, uint32_t level, const char* where, const char* objectness,
                         Strips strips = {});

// An objectness as the planes hold it, above which alone it can be above `confidence`.
float least_objectness(const sparsec_head& head, float confidence);

// Adds every box of a level whose objectness is above `confidence` and whose score (objectness times class) is too: for
// its best class, or for each class when `multi_label`. Of cells with less objectness, only that is read.
void find_candidates(const sparsec_head& head, uint32_t level, const LevelPlanes& planes, float confidence,
                     bool multi_label, Candidates& found);

// The same from decoded rows: `boxes` of 5 + classes floats (centre, size, objectness, class scores).
void find_candidates(const float* decoded, int64_t boxes, int32_t classes, float confidence, bool multi_label,
                     Candidates& found);

}  // namespace sparsec::rt
