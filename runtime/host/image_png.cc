// PNG by libpng's full interface, which leaves pixel values alone (the simple one applies gamma).
//
// libpng reports errors by longjmp. The function that calls setjmp therefore owns nothing: everything lives in
// PngReader, whose destructor runs when the frame that can be jumped out of is long gone.
#include "image_png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>

#include "exif.h"
#include "image_limits.h"

namespace sparsec::codecs {
namespace {

struct PngReader {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  char message[128] = "damaged";
  png_structp png = nullptr;
  png_infop info = nullptr;
  Image image;
  std::vector<png_bytep> lines;
  int orientation = 1;

  explicit PngReader(std::span<const uint8_t> b) : bytes(b) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
  }
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self->message, text, sizeof self->message - 1);
    std::longjmp(png_jmpbuf(png), 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->bytes.size() - self->at) png_error(png, "the file ends early");
    std::memcpy(out, self->bytes.data() + self->at, count);
    self->at += count;
  }
};

// The three steps. False: reader.message says why.
bool read_header(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_read_fn(reader.png, &reader, PngReader::on_read);
  png_set_user_limits(reader.png, 0x7FFFFFFF, 0x7FFFFFFF);  // judged by check_image_size, with a clearer message
  png_set_chunk_malloc_max(reader.png, 8 << 20);
  png_read_info(reader.png, reader.info);
  png_uint_32 exif_size = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(reader.png, reader.info, &exif_size, &exif))
    reader.orientation = tiff_orientation({exif, exif_size});
  return true;
}

bool choose_rgb(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_expand(reader.png);  // palettes and fewer than 8 bits
  png_set_strip_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool read_pixels(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, reader.lines.data());
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

Image decode_png(std::span<const uint8_t> bytes, const std::string& name, int* orientation) {
  PngReader reader(bytes);
  if (!reader.png || !reader.info) throw FileError(name, "cannot start the PNG decoder");
  const auto fail = [&] { throw FileError(name, std::string("not a readable PNG picture: ") + reader.message); };
  if (!read_header(reader)) fail();
  const png_uint_32 cols = png_get_image_width(reader.png, reader.info),
                    rows = png_get_image_height(reader.png, reader.info);
  check_image_size(name, cols, rows);
  if (!choose_rgb(reader)) fail();
  if (png_get_rowbytes(reader.png, reader.info) != size_t(cols) * 3)
    throw FileError(name, "not a readable PNG picture: unexpected pixel format");
  reader.image = Image(int(rows), int(cols));
  reader.lines.resize(rows);
  for (int row = 0; row < int(rows); ++row) reader.lines[size_t(row)] = reader.image.at(row, 0);
  if (!read_pixels(reader)) fail();
  *orientation = reader.orientation;
  return std::move(reader.image);
}

std::vector<uint8_t> encode_png(const std::string& name, const Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = png_uint_32(image.cols);
  header.height = png_uint_32(image.rows);
  header.format = PNG_FORMAT_RGB;
  std::vector<uint8_t> out(PNG_IMAGE_PNG_SIZE_MAX(header));
  png_alloc_size_t size = out.size();
  if (!png_image_write_to_memory(&header, out.data(), &size, 0, image.rgb.data(), 0, nullptr)) {
    throw FileError(name, std::string("cannot encode the picture: ") + header.message);
  }
  out.resize(size);
  return out;
}

}  // namespace sparsec::codecs
