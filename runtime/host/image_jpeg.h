// JPEG by libjpeg-turbo.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sparsec/image.h"

namespace sparsec::codecs {

Image decode_jpeg(std::span<const uint8_t> bytes, const std::string& name);  // as stored; not turned
std::vector<uint8_t> encode_jpeg(const std::string& name, const Image& image, int quality);

}  // namespace sparsec::codecs
