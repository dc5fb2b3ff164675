// Pictures as every command reads them: by the hardened decoders, and upright.
#include "exif.h"
#include "image_jpeg.h"
#include "image_limits.h"
#include "image_png.h"

namespace sparsec::codecs {

Image decode_image(std::span<const uint8_t> bytes, const std::string& name) {
  if (bytes.empty()) throw FileError(name, "is empty");
  switch (format_of(bytes)) {
    case ImageFormat::jpeg:
      return upright(decode_jpeg(bytes, name), jpeg_orientation(bytes));
    case ImageFormat::png: {
      int orientation = 1;
      Image image = decode_png(bytes, name, &orientation);
      return upright(std::move(image), orientation);
    }
    case ImageFormat::bmp:
      return sparsec::decode_image(bytes, name);
    case ImageFormat::unknown:
      break;
  }
  throw FileError(name, kUnknownFormat);
}

Image read_image(const std::string& path) { return decode_image(read_file(path, kMaxImageBytes), path); }

void write_image(const std::string& path, const Image& image, int jpeg_quality) {
  check_writable(path, image);
  write_file(path, wants_png(path) ? encode_png(path, image) : encode_jpeg(path, image, jpeg_quality));
}

}  // namespace sparsec::codecs
