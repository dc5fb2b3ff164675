// Pictures: RGB, eight bits a channel, and their files.
//
// JPEG, PNG and BMP are read, told apart by their first bytes; JPEG and PNG are written, told apart by the name's
// ending. Greyscale becomes RGB; transparency is dropped; 16 bits become 8. Any thread may call these functions. They
// throw FileError (sparsec/files.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sparsec {

struct Image {
  int rows = 0, cols = 0;
  std::vector<uint8_t> rgb;  // rows * cols * 3, no gaps between rows

  Image() = default;
  Image(int rows_, int cols_) : rows(rows_), cols(cols_), rgb(size_t(rows_) * size_t(cols_) * 3) {}
  uint8_t* at(int row, int col) { return rgb.data() + (size_t(row) * size_t(cols) + size_t(col)) * 3; }
  const uint8_t* at(int row, int col) const { return rgb.data() + (size_t(row) * size_t(cols) + size_t(col)) * 3; }
};

// What is refused before any pixel is decoded: a picture's header is a stranger's claim.
inline constexpr int kMaxImageSide = 16384;
inline constexpr int64_t kMaxImageBytes = int64_t{1} << 29;  // of the file

// For programs that embed a model: stb_image, no other library. EXIF orientation is not applied.
Image read_image(const std::string& path);
Image decode_image(std::span<const uint8_t> bytes, const std::string& name);  // `name` is for messages
void write_image(const std::string& path, const Image& image, int jpeg_quality = 90);

// For pictures from strangers and cameras: libjpeg-turbo and libpng, upright (EXIF orientation applied). The commands
// use these; they are in library sparsec_host_codecs, which is not installed.
namespace codecs {
Image read_image(const std::string& path);
Image decode_image(std::span<const uint8_t> bytes, const std::string& name);
void write_image(const std::string& path, const Image& image, int jpeg_quality = 90);
}  // namespace codecs

}  // namespace sparsec
