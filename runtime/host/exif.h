// EXIF orientation: which way up a camera held the picture.
#pragma once

#include <cstdint>
#include <span>

#include "sparsec/image.h"

namespace sparsec {

// The orientation tag, 1..8, of a JPEG file's bytes; 1 (upright) where there is none or it makes no sense.
int jpeg_orientation(std::span<const uint8_t> jpeg);
// The same of a TIFF structure, which is what PNG's eXIf chunk holds.
int tiff_orientation(std::span<const uint8_t> tiff);

// The picture as it should be seen.
Image upright(Image image, int orientation);

}  // namespace sparsec
