// What both ways of reading pictures share: telling formats apart and refusing what is too large.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <span>
#include <string>

#include "sparsec/files.h"
#include "sparsec/image.h"

namespace sparsec {

enum class ImageFormat : uint8_t { unknown, jpeg, png, bmp };
inline constexpr const char* kUnknownFormat = "not a JPEG, PNG or BMP picture";

inline ImageFormat format_of(std::span<const uint8_t> b) {
  if (b.size() >= 3 && b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF) return ImageFormat::jpeg;
  if (b.size() >= 8 && b[0] == 0x89 && b[1] == 'P' && b[2] == 'N' && b[3] == 'G' && b[4] == '\r' && b[5] == '\n' &&
      b[6] == 0x1A && b[7] == '\n')
    return ImageFormat::png;
  if (b.size() >= 2 && b[0] == 'B' && b[1] == 'M') return ImageFormat::bmp;
  return ImageFormat::unknown;
}

inline void check_image_size(const std::string& name, int64_t cols, int64_t rows) {
  if (cols <= 0 || rows <= 0) throw FileError(name, "is a picture without pixels");
  if (cols > kMaxImageSide || rows > kMaxImageSide) {
    throw FileError(name, "is a picture of " + std::to_string(cols) + "x" + std::to_string(rows) + " pixels; at most " +
                              std::to_string(kMaxImageSide) + " a side are read");
  }
}

inline std::string lower_case_ending(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.') return {};
  std::string ending = path.substr(dot + 1);
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return ending;
}

inline bool wants_png(const std::string& path) { return lower_case_ending(path) == "png"; }

inline void check_writable(const std::string& path, const Image& image) {
  const std::string ending = lower_case_ending(path);
  if (ending != "png" && ending != "jpg" && ending != "jpeg")
    throw FileError(path, "cannot write this kind of picture; supported: .jpg, .jpeg, .png");
  if (image.rows <= 0 || image.cols <= 0 || image.rgb.size() != size_t(image.rows) * size_t(image.cols) * 3)
    throw FileError(path, "cannot write a picture without pixels");
}

}  // namespace sparsec
