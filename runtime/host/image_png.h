// PNG by libpng.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sparsec/image.h"

namespace sparsec::codecs {

Image decode_png(std::span<const uint8_t> bytes, const std::string& name,
                 int* orientation);  // as stored; EXIF orientation beside it
std::vector<uint8_t> encode_png(const std::string& name, const Image& image);

}  // namespace sparsec::codecs
