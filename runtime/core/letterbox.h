// A picture into the network's input: scaled to fit, centred on grey 114, planes of R, G, B as float32 or bytes. Rows
// are shared out among threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/geometry.h"
#include "runtime/core/resize.h"
#include "sparsec/abi.h"

namespace sparsec::rt {

inline constexpr uint8_t kGrey = 114;

struct Letterbox {
  Geometry geometry;
  Resize resize;
  uint32_t type;     // SPARSEC_F32 or SPARSEC_U8
  float value[256];  // of a pixel value, for float inputs
  void* input;       // [3][net_rows][net_columns]
};

// Scratch: the columns' table, and for each thread two interpolated rows and one row of pixels.
size_t letterbox_scratch_bytes(int32_t net_columns, int threads);

// Fills in everything; `scratch` (64-byte aligned) must live until the rows are done.
void letterbox_begin(Letterbox& letterbox, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& geometry,
                     uint32_t type, float scale, void* input, char* scratch);

// Rows [begin, end) of the input, by thread number `thread`.
void letterbox_rows(const Letterbox& letterbox, int32_t begin, int32_t end, int thread, char* scratch);

}  // namespace sparsec::rt
