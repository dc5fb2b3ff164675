// Where the pixels of an activation lie: planes of 32-bit lanes, each plane a picture with a border.
//
// A lane is four int8 channels of one pixel, or one float channel of it. Rows follow each other at `pitch` pixels, so
// that the border to the right of one row is the border to the left of the next, and a whole plane is one flat vector
// of pixels: a tap (dy, dx) of a convolution is a constant distance from the pixel it serves, at every pixel. Tensors
// that take part in one such flat loop share their pitch.
#pragma once

#include <cstdint>

namespace sparsec {

struct PlaneLayout {
  int64_t rows = 0, cols = 0;  // pixels
  int64_t pitch = 0;           // pixels from row to row, >= cols
  int64_t origin = 0;          // bytes from the plane's start to pixel (0, 0)
  int64_t plane_bytes = 0;     // from plane to plane
  int64_t planes = 0;

  // Pixels that a flat loop must cover: from (0, 0) to the last one.
  int64_t flat_pixels() const { return (rows - 1) * pitch + cols; }
  int64_t flat_vectors(int lanes) const { return (flat_pixels() + lanes - 1) / lanes; }
  int64_t offset(int64_t dy, int64_t dx) const { return (dy * pitch + dx) * 4; }
};

}  // namespace sparsec
