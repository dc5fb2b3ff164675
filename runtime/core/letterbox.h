// A picture into the first layer's layout: scaled to fit, centred on grey 114, in one pass. It is a step of the
// detection schedule (steps.h says which layouts there are), so that it runs in bands with the layer that reads it, its
// rows shared out among threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/geometry.h"
#include "runtime/core/resize.h"
#include "runtime/core/steps.h"

namespace sparsec::rt {

inline constexpr uint8_t kGrey = 114;

// The picture as one thread sees it: what a pointer into SPARSEC_PICTURE points at. A cache line of its own, since the
// thread writes to it.
struct alignas(64) Picture {
  Geometry geometry;
  Resize resize;
  RowCache cache;
  uint8_t* lanes;  // a row of the network's input, four bytes a pixel
};

// What a model without a layer of its own for pixels takes, unless it says otherwise: 0 to 255, or 0 to 1. A division,
// correctly rounded, as every other pipeline has it.
inline float input_value(uint32_t type, int pixel) { return type == SPARSEC_U8 ? float(pixel) : float(pixel) / 255.0f; }

// The network's input itself, [3][rows][columns] of `type`, as a layout.
sparsec_letterbox plain_input(uint32_t type, int32_t rows, int32_t columns);

// The columns' table, and for each thread two interpolated rows and one row of lanes.
size_t letterbox_scratch_bytes(int32_t net_columns, int threads);

// Fills in pictures[threads]. `scratch` (64-byte aligned) and the pixels must live until the last row is done.
void letterbox_begin(Picture* pictures, int threads, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& geometry,
                     char* scratch);

// Rows [begin, end) of every phase; phase 0 begins at `origin`, its rows are row_stride bytes apart.
void letterbox_rows(const sparsec_letterbox& layout, Picture& picture, char* origin, int64_t row_stride, int64_t begin,
                    int64_t end);

}  // namespace sparsec::rt
