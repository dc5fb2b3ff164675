// Pictures by stb_image: small, no other library, for programs that embed a model.
//
// Only three formats are compiled in, sides are limited before anything is decoded, and files are read whole first, so
// that stb never sees a stream.
#include <climits>
#include <memory>

#include "sparsec/files.h"
#include "sparsec/image.h"

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 16384
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include "image_limits.h"

static_assert(STBI_MAX_DIMENSIONS == sparsec::kMaxImageSide);

namespace sparsec {
namespace {

void append(void* context, void* data, int size) {
  auto* out = static_cast<std::vector<uint8_t>*>(context);
  const auto* bytes = static_cast<const uint8_t*>(data);
  out->insert(out->end(), bytes, bytes + size);
}

std::string reason() {
  const char* text = stbi_failure_reason();
  return text ? text : "unknown format";
}

}  // namespace

Image decode_image(std::span<const uint8_t> bytes, const std::string& name) {
  if (bytes.empty()) throw FileError(name, "is empty");
  if (bytes.size() > size_t(INT_MAX)) throw FileError(name, "is too large for a picture");
  if (format_of(bytes) == ImageFormat::unknown) throw FileError(name, kUnknownFormat);
  const auto size = int(bytes.size());
  int cols = 0, rows = 0, channels = 0;
  if (!stbi_info_from_memory(bytes.data(), size, &cols, &rows, &channels))
    throw FileError(name, "not a readable picture: " + reason());
  check_image_size(name, cols, rows);
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes.data(), size, &cols, &rows, &channels, 3), stbi_image_free);
  if (!pixels) throw FileError(name, "not a readable picture: " + reason());
  Image image(rows, cols);
  std::copy(pixels.get(), pixels.get() + image.rgb.size(), image.rgb.begin());
  return image;
}

Image read_image(const std::string& path) { return decode_image(read_file(path, kMaxImageBytes), path); }

void write_image(const std::string& path, const Image& image, int jpeg_quality) {
  check_writable(path, image);
  std::vector<uint8_t> bytes;
  const int ok =
      wants_png(path)
          ? stbi_write_png_to_func(append, &bytes, image.cols, image.rows, 3, image.rgb.data(), image.cols * 3)
          : stbi_write_jpg_to_func(append, &bytes, image.cols, image.rows, 3, image.rgb.data(), jpeg_quality);
  if (!ok) throw FileError(path, "cannot encode the picture");
  write_file(path, bytes);
}

}  // namespace sparsec
