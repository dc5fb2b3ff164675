// Resizing 8-bit RGB row by row with OpenCV's INTER_LINEAR arithmetic, to the bit.
//
// Positions: pixel centres, source = (x + 0.5) * scale - 0.5, in float. Weights are rounded to 11 bits. A row is
// interpolated along x into 32 bits, shifted right by 4; two such rows are weighed by the high halves of 16x16-bit
// products. Exactly half the size in both directions is the mean of 2x2 pixels.
//
// Rows come out as lanes, four bytes a pixel: R, G, B, 0, which is how int8 activations lie (codegen/kernels/layout.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sparsec::rt {

struct Column {
  int32_t left;       // bytes from the row's start to the left one of two neighbouring pixels
  int16_t weight[2];  // of the left one and of the right one, which does not exist where its weight is 0
};

struct Resize {
  const uint8_t* pixels;
  ptrdiff_t row_bytes;
  int32_t rows, columns;  // of the source
  int32_t out_rows, out_columns;
  const Column* column;  // [out_columns], by prepare_columns
};

// One thread's memory of the two source rows it interpolated last.
struct RowCache {
  int16_t* row[2];    // lanes_room(out_columns) each
  int32_t source[2];  // which source rows they are; -1: none
};

// How many elements a row of `columns` lanes has room for: rows are worked on in whole vectors.
inline size_t lanes_room(int32_t columns) { return (4 * size_t(columns) + 31) & ~size_t{31}; }

void prepare_columns(int32_t columns, int32_t out_columns, Column* column);

// Row y of the result as lanes; `lanes` has room for lanes_room(out_columns) bytes, and what lies behind the last pixel
// may be overwritten.
void resize_row(const Resize& resize, int32_t y, RowCache& cache, uint8_t* lanes);

}  // namespace sparsec::rt
