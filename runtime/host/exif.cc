// EXIF orientation, read with every offset checked: the data come from strangers.
//
// A JPEG is a chain of segments (FF, marker, two bytes of length); the one with marker E1 that begins with "Exif\0\0"
// holds a TIFF structure: a byte order mark, 42, the offset of a directory, and there 12-byte entries, of which tag
// 0x0112 is the orientation.
#include "exif.h"

#include <cstring>
#include <utility>

namespace sparsec {
namespace {

class TiffReader {
 public:
  explicit TiffReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool open() {
    if (bytes_.size() < 8) return false;
    little_ = bytes_[0] == 'I' && bytes_[1] == 'I';
    return (little_ || (bytes_[0] == 'M' && bytes_[1] == 'M')) && u16(2) == 42;
  }
  bool has(uint64_t offset, uint64_t count) const { return offset <= bytes_.size() && count <= bytes_.size() - offset; }
  uint32_t u16(uint64_t at) const {
    return little_ ? uint32_t(bytes_[at] | bytes_[at + 1] << 8) : uint32_t(bytes_[at] << 8 | bytes_[at + 1]);
  }
  uint32_t u32(uint64_t at) const { return little_ ? u16(at) | u16(at + 2) << 16 : u16(at) << 16 | u16(at + 2); }

 private:
  std::span<const uint8_t> bytes_;
  bool little_ = false;
};

}  // namespace

int tiff_orientation(std::span<const uint8_t> tiff) {
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  TiffReader reader(tiff);
  if (!reader.open()) return 1;
  const uint64_t directory = reader.u32(4);
  if (!reader.has(directory, 2)) return 1;
  const uint32_t entries = reader.u16(directory);
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t entry = directory + 2 + i * 12;
    if (!reader.has(entry, 12)) return 1;
    if (reader.u16(entry) != kOrientation) continue;
    if (reader.u16(entry + 2) != kShort || reader.u32(entry + 4) != 1) return 1;
    const uint32_t value = reader.u16(entry + 8);
    return value >= 1 && value <= 8 ? int(value) : 1;
  }
  return 1;
}

int jpeg_orientation(std::span<const uint8_t> jpeg) {
  constexpr uint8_t kApp1 = 0xE1, kStartOfScan = 0xDA;
  size_t at = 2;  // after the start-of-image marker
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xFF) {
    const uint8_t marker = jpeg[at + 1];
    if (marker == 0xFF) {  // padding
      ++at;
      continue;
    }
    if (marker == kStartOfScan) break;
    const size_t length = size_t(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (length < 2 || at + 2 + length > jpeg.size()) break;
    const auto segment = jpeg.subspan(at + 4, length - 2);
    if (marker == kApp1 && segment.size() > 6 && std::memcmp(segment.data(), "Exif\0\0", 6) == 0)
      return tiff_orientation(segment.subspan(6));
    at += 2 + length;
  }
  return 1;
}

// Orientation 2 mirrors left to right, 3 turns by 180 degrees, 4 mirrors top to bottom; 5 to 8 are 1, 4, 2 and 3 of the
// transposed picture: 5 transposes, 6 turns clockwise by 90 degrees, 7 transposes along the other diagonal, 8 turns
// counter-clockwise by 90 degrees.
Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  const bool flip_cols = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image out(transposed ? image.cols : image.rows, transposed ? image.rows : image.cols);
  for (int row = 0; row < out.rows; ++row) {
    for (int col = 0; col < out.cols; ++col) {
      const int r = flip_rows ? out.rows - 1 - row : row, c = flip_cols ? out.cols - 1 - col : col;
      std::memcpy(out.at(row, col), transposed ? image.at(c, r) : image.at(r, c), 3);
    }
  }
  return out;
}

}  // namespace sparsec
