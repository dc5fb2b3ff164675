// JPEG by libjpeg-turbo's own interface.
//
// The header is read first and its size judged before pixels are allocated. A file that ends early or is damaged is an
// error, though the decoder would make a picture of it; oddities of a whole one are not. The number of scans is
// limited: a progressive file can ask for endless work.
#include "image_jpeg.h"

#include <turbojpeg.h>

#include <memory>
#include <string_view>

#include "image_limits.h"

namespace sparsec::codecs {
namespace {

using Handle = std::unique_ptr<void, int (*)(tjhandle)>;

struct FreeBuffer {
  void operator()(unsigned char* buffer) const { tjFree(buffer); }
};

// Adobe's CMYK is stored inverted: 255 is no ink.
void cmyk_to_rgb(const std::vector<uint8_t>& cmyk, Image& image) {
  for (size_t i = 0; i < image.rgb.size() / 3; ++i) {
    const int k = cmyk[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) image.rgb[3 * i + c] = uint8_t((cmyk[4 * i + c] * k + 127) / 255);
  }
}

// What the decoder remarks on in pictures that are whole: bytes behind the last row, which cameras write. Everything
// else means that rows are missing or wrong, although the decoder goes on with what it has.
bool is_harmless(std::string_view warning) {
  return warning.find("extraneous bytes before marker 0xd9") != warning.npos;  // the end of the picture
}

// Some encoders leave the spectral selection of a sequential picture's scans at zero. The decoder goes on without it,
// but tells its first remark only: to hear of worse ones, the copy has what belongs there.
std::vector<uint8_t> with_spectral_selection(std::span<const uint8_t> jpeg) {
  std::vector<uint8_t> out(jpeg.begin(), jpeg.end());
  for (size_t i = 2; i + 4 < out.size() && out[i] == 0xFF;) {
    const uint8_t marker = out[i + 1];
    const size_t next = i + 2 + (size_t(out[i + 2]) << 8 | out[i + 3]);
    if (marker == 0xDA) {  // a scan's header ends with Ss, Se and Ah/Al; behind it the data runs up to a marker
      if (next > out.size() || next < i + 7) break;
      out[next - 3] = 0, out[next - 2] = 63, out[next - 1] = 0;
      for (i = next; i + 1 < out.size(); ++i)
        if (out[i] == 0xFF && out[i + 1] != 0 && (out[i + 1] < 0xD0 || out[i + 1] > 0xD7)) break;
    } else {
      i = next;
    }
  }
  return out;
}

}  // namespace

Image decode_jpeg(std::span<const uint8_t> bytes, const std::string& name) {
  const Handle decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) throw FileError(name, "cannot start the JPEG decoder");
  const auto fail = [&] {
    throw FileError(name, std::string("not a readable JPEG picture: ") + tjGetErrorStr2(decoder.get()));
  };

  int cols = 0, rows = 0, sampling = 0, colors = 0;
  if (tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &cols, &rows, &sampling, &colors) != 0) fail();
  // without an error where the file ends before the frame that tells it
  if (cols == 0 && rows == 0) throw FileError(name, "not a readable JPEG picture: it ends before its size");
  check_image_size(name, cols, rows);

  Image image(rows, cols);
  const bool four = colors == TJCS_CMYK || colors == TJCS_YCCK;
  std::vector<uint8_t> cmyk(four ? image.rgb.size() / 3 * 4 : 0);
  const auto decode = [&](std::span<const uint8_t> from) {
    return tjDecompress2(decoder.get(), from.data(), from.size(), four ? cmyk.data() : image.rgb.data(), cols, 0, rows,
                         four ? TJPF_CMYK : TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  };
  int status = decode(bytes);
  if (status != 0 &&
      std::string_view(tjGetErrorStr2(decoder.get())).find("Invalid SOS parameters") != std::string::npos)
    status = decode(with_spectral_selection(bytes));
  if (status != 0 && !is_harmless(tjGetErrorStr2(decoder.get()))) fail();
  if (four) cmyk_to_rgb(cmyk, image);
  return image;
}

std::vector<uint8_t> encode_jpeg(const std::string& name, const Image& image, int quality) {
  const Handle encoder(tjInitCompress(), tjDestroy);
  if (!encoder) throw FileError(name, "cannot start the JPEG encoder");
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: the library's type
  const int status = tjCompress2(encoder.get(), image.rgb.data(), image.cols, 0, image.rows, TJPF_RGB, &buffer, &size,
                                 TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, FreeBuffer> owner(buffer);
  if (status != 0) throw FileError(name, std::string("cannot encode the picture: ") + tjGetErrorStr2(encoder.get()));
  return {buffer, buffer + size};
}

}  // namespace sparsec::codecs
