// Resizing 8-bit RGB row by row with OpenCV's INTER_LINEAR arithmetic, to the bit.
//
// Positions: pixel centres, source = (x + 0.5) * scale - 0.5, in float. Weights are rounded to 11 bits. A row is
// interpolated along x into 32 bits, shifted right by 4; two such rows are weighed by the high halves of 16x16-bit
// products. Exactly half the size in both directions is the mean of 2x2 pixels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sparsec::rt {

struct Column {
  int32_t left, right;  // bytes from the row's start to the two pixels
  int16_t weight[2];
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
  int16_t* row[2];    // 3 * out_columns each
  int32_t source[2];  // which source rows they are; -1: none
};

void prepare_columns(int32_t columns, int32_t out_columns, Column* column);

// Row y of the result: 3 * out_columns bytes.
void resize_row(const Resize& resize, int32_t y, RowCache& cache, uint8_t* out);

}  // namespace sparsec::rt
