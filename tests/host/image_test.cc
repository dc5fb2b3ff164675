// Pictures: both decoders read what both encoders write, turn by EXIF, and refuse what is bad or too large.
#include "sparsec/image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "exif.h"
#include "image_jpeg.h"
#include "image_png.h"
#include "sparsec/files.h"
#include "temporary_folder.h"

namespace sparsec {
namespace {

// A smooth picture: JPEG changes it little.
Image gradient(int rows, int cols) {
  Image image(rows, cols);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c) {
      uint8_t* p = image.at(r, c);
      p[0] = uint8_t(255 * r / rows);
      p[1] = uint8_t(255 * c / cols);
      p[2] = 90;
    }
  }
  return image;
}

double mean_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.cols, b.cols);
  if (a.rgb.size() != b.rgb.size()) return 255;
  double sum = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int(a.rgb[i]) - int(b.rgb[i]));
  return sum / double(a.rgb.size());
}

using Decoder = Image (*)(std::span<const uint8_t>, const std::string&);
constexpr Decoder kDecoders[] = {decode_image, codecs::decode_image};

std::string error_of(Decoder decode, const std::vector<uint8_t>& bytes) {
  try {
    decode(bytes, "x.jpg");
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

TEST(ImageFiles, BothWaysReadWhatBothWaysWrite) {
  const testing::TemporaryFolder folder;
  const Image image = gradient(37, 61);
  for (const char* name : {"a.png", "a.jpg", "A.JPEG"}) {
    const double tolerance = std::string(name) == "a.png" ? 0 : 4;
    write_image(folder / name, image, 95);
    EXPECT_LE(mean_difference(read_image(folder / name), image), tolerance) << name;
    EXPECT_LE(mean_difference(codecs::read_image(folder / name), image), tolerance) << name;
    codecs::write_image(folder / name, image, 95);
    EXPECT_LE(mean_difference(read_image(folder / name), image), tolerance) << name;
    EXPECT_LE(mean_difference(codecs::read_image(folder / name), image), tolerance) << name;
  }
}

TEST(ImageFiles, OtherEndingsAreRefusedAndNothingIsLeft) {
  const testing::TemporaryFolder folder;
  EXPECT_THROW(write_image(folder / "a.gif", gradient(2, 2)), FileError);
  EXPECT_THROW(codecs::write_image(folder / "nowhere/a.png", gradient(2, 2)), FileError);
  EXPECT_THROW(codecs::write_image(folder / "a.png", Image()), FileError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ImageFiles, Bmp) {
  // 2 x 1 pixels, 24 bits, lines padded to four bytes, blue first
  std::vector<uint8_t> bmp{'B', 'M', 62, 0, 0, 0, 0, 0, 0, 0,  54, 0, 0, 0, 40, 0, 0, 0, 2,
                           0,   0,   0,  1, 0, 0, 0, 1, 0, 24, 0,  0, 0, 0, 0,  8, 0, 0, 0};
  bmp.resize(54);
  bmp.insert(bmp.end(), {1, 2, 3, 4, 5, 6, 0, 0});
  for (const Decoder decode : kDecoders) {
    const Image image = decode(bmp, "x.bmp");
    EXPECT_EQ(image.rows, 1);
    EXPECT_EQ(image.cols, 2);
    EXPECT_EQ(image.rgb, (std::vector<uint8_t>{3, 2, 1, 6, 5, 4}));
  }
}

// Cut anywhere, it is told to be a JPEG picture that cannot be read.
TEST(ImageFiles, JpegsThatEndEarly) {
  const auto jpeg = codecs::encode_jpeg("x", gradient(16, 32), 90);
  for (size_t size = 3; size < jpeg.size() - 2; size += 7) {
    const std::string error = error_of(codecs::decode_image, {jpeg.begin(), jpeg.begin() + std::ptrdiff_t(size)});
    EXPECT_TRUE(error.starts_with("x.jpg: not a readable JPEG picture")) << size << ": " << error;
  }
}

// Some encoders write a scan's spectral selection as 0 to 0, of which the decoder remarks only that. What else is wrong
// must come out all the same.
TEST(ImageFiles, AnOddityHidesNoDamage) {
  const auto jpeg = codecs::encode_jpeg("x", gradient(64, 64), 90);
  auto odd = jpeg;
  size_t header = 2;  // of the scan
  while (jpeg[header] != 0xFF || jpeg[header + 1] != 0xDA) ++header;
  odd[header + 2 + jpeg[header + 3] - 2] = 0;  // Se, the last but one
  ASSERT_NE(odd, jpeg);
  EXPECT_EQ(codecs::decode_image(odd, "x").rgb, codecs::decode_image(jpeg, "x").rgb);
  const std::vector<uint8_t> half(odd.begin(), odd.begin() + std::ptrdiff_t((header + odd.size()) / 2));
  const std::string error = error_of(codecs::decode_image, half);
  EXPECT_TRUE(error.starts_with("x.jpg: not a readable JPEG picture")) << error;
}

// A JPEG with an EXIF segment that holds nothing but the orientation.
std::vector<uint8_t> with_orientation(const std::vector<uint8_t>& jpeg, uint8_t orientation, bool little) {
  std::vector<uint8_t> tiff =
      little ? std::vector<uint8_t>{'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0}
             : std::vector<uint8_t>{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0};
  std::vector<uint8_t> out{0xFF, 0xD8, 0xFF, 0xE1, 0, uint8_t(2 + 6 + tiff.size()), 'E', 'x', 'i', 'f', 0, 0};
  out.insert(out.end(), tiff.begin(), tiff.end());
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

TEST(Exif, OrientationIsApplied) {
  const auto jpeg = codecs::encode_jpeg("x", gradient(16, 32), 95);
  const Image plain = codecs::decode_image(jpeg, "x");
  for (const bool little : {true, false}) {
    for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
      const auto turned = with_orientation(jpeg, orientation, little);
      ASSERT_EQ(jpeg_orientation(turned), orientation);
      EXPECT_EQ(codecs::decode_image(turned, "x").rgb, upright(plain, orientation).rgb) << int(orientation);
      EXPECT_EQ(decode_image(turned, "x").rows, 16);  // the embeddable decoder leaves it as stored
    }
  }
  EXPECT_EQ(jpeg_orientation(with_orientation(jpeg, 9, true)), 1);
  EXPECT_EQ(jpeg_orientation(jpeg), 1);
}

// Where the stored picture's upper left pixel goes, by the standard's words.
TEST(Exif, EachOrientationByItsMeaning) {
  Image stored(2, 3);
  for (int i = 0; i < 6; ++i) stored.rgb[size_t(i) * 3] = uint8_t(i + 1);  // 1 2 3 / 4 5 6
  const std::vector<std::vector<int>> expected{{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1},
                                               {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3},
                                               {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image seen = upright(stored, orientation);
    EXPECT_EQ(seen.rows, orientation < 5 ? 2 : 3);
    std::vector<int> values;
    for (size_t i = 0; i < 6; ++i) values.push_back(seen.rgb[i * 3]);
    EXPECT_EQ(values, expected[size_t(orientation - 1)]) << orientation;
  }
}

TEST(Exif, DamagedSegmentsAreIgnored) {
  const auto jpeg = with_orientation(codecs::encode_jpeg("x", gradient(8, 8), 90), 6, true);
  for (size_t i = 2; i < 40; ++i) {
    for (const uint8_t value : {0x00, 0x7F, 0xFF}) {
      auto bad = jpeg;
      bad[i] = value;
      const int orientation = jpeg_orientation(bad);
      EXPECT_GE(orientation, 1);
      EXPECT_LE(orientation, 8);
      EXPECT_LE(jpeg_orientation({bad.data(), i}), 8);
    }
  }
}

TEST(BadPictures, HugeHeadersAreRefusedBeforeDecoding) {
  auto jpeg = codecs::encode_jpeg("x", gradient(16, 16), 90);
  for (size_t i = 2; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xFF &&
        (jpeg[i + 1] == 0xC0 || jpeg[i + 1] == 0xC2)) {  // start of frame: length, precision, rows, columns
      jpeg[i + 5] = jpeg[i + 7] = 60000 >> 8;
      jpeg[i + 6] = jpeg[i + 8] = 60000 & 0xFF;
      break;
    }
  }
  EXPECT_EQ(error_of(codecs::decode_image, jpeg),
            "x.jpg: is a picture of 60000x60000 pixels; at most 16384 a side are read");
  EXPECT_NE(error_of(decode_image, jpeg), "");

  const auto png = codecs::encode_png("x", gradient(4, 4));
  // 60000 wide in the header, with the checksum mended: libpng would believe it
  const std::vector<uint8_t> header{0x89, 'P', 'N', 'G',  '\r', '\n', 0x1A, '\n', 0,    0, 0, 13, 'I', 'H', 'D',
                                    'R',  0,   0,   0xEA, 0x60, 0,    0,    0xEA, 0x60, 8, 2, 0,  0,   0};
  uint32_t crc = ~0U;
  for (size_t i = 12; i < header.size(); ++i) {
    crc ^= header[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
  }
  crc = ~crc;
  std::vector<uint8_t> huge = header;
  for (int shift = 24; shift >= 0; shift -= 8) huge.push_back(uint8_t(crc >> shift));
  huge.insert(huge.end(), png.begin() + 33, png.end());
  EXPECT_EQ(error_of(codecs::decode_image, huge),
            "x.jpg: is a picture of 60000x60000 pixels; at most 16384 a side are read");
  EXPECT_NE(error_of(decode_image, huge), "");
}

TEST(BadPictures, EmptyTextAndTruncated) {
  const std::string text = "this is not a picture";
  const auto png = codecs::encode_png("x", gradient(40, 40));
  const auto jpeg = codecs::encode_jpeg("x", gradient(40, 40), 90);
  for (const Decoder decode : kDecoders) {
    EXPECT_EQ(error_of(decode, {}), "x.jpg: is empty");
    EXPECT_EQ(error_of(decode, {text.begin(), text.end()}), "x.jpg: not a JPEG, PNG or BMP picture");
    for (size_t cut = 0; cut < png.size() - 12; cut += 7)
      EXPECT_NE(error_of(decode, {png.begin(), png.begin() + std::ptrdiff_t(cut)}), "") << cut;
    for (size_t cut = 0; cut < jpeg.size() / 2; cut += 7)
      EXPECT_EQ(error_of(decode, {jpeg.begin(), jpeg.begin() + std::ptrdiff_t(cut)}).substr(0, 6), "x.jpg:") << cut;
  }
}

// libjpeg-turbo makes a picture of nearly anything and only warns.
TEST(BadPictures, DamagedBodiesAreRefused) {
  const auto good = codecs::encode_jpeg("x", gradient(200, 200), 90);
  auto restart = good, cut = good;
  restart[good.size() / 2] = 0xFF, restart[good.size() / 2 + 1] = 0xD3;     // a marker amid the rows
  cut.erase(cut.begin() + std::ptrdiff_t(good.size() / 2), cut.end() - 2);  // rows are missing, the end is there
  for (const Decoder decode : kDecoders) EXPECT_TRUE(error_of(decode, restart).starts_with("x.jpg: not a readable"));
  EXPECT_TRUE(error_of(codecs::decode_image, cut).starts_with("x.jpg: not a readable JPEG picture: Corrupt JPEG data"));
}

TEST(OddPictures, StrayBytesBehindTheLastRowAreNoDamage) {
  const auto good = codecs::encode_jpeg("x", gradient(40, 40), 90);
  auto stray = good;
  stray.insert(stray.end() - 2, {0, 1, 2});
  EXPECT_EQ(codecs::decode_image(stray, "x.jpg").rgb, codecs::decode_image(good, "x.jpg").rgb);
}

TEST(BadPictures, FlippedBytesNeverCrash) {
  const auto png = codecs::encode_png("x", gradient(20, 20));
  const auto jpeg = codecs::encode_jpeg("x", gradient(20, 20), 90);
  for (const Decoder decode : kDecoders) {
    for (const auto& good : {png, jpeg}) {
      for (size_t i = 0; i < good.size(); i += 3) {
        auto bad = good;
        bad[i] ^= 0x55;
        const std::string error = error_of(decode, bad);
        EXPECT_TRUE(error.empty() || error.starts_with("x.jpg: ")) << error;
        EXPECT_EQ(error.find('\n'), std::string::npos);
      }
    }
  }
}

TEST(BadPictures, MissingFilesAndFolders) {
  const testing::TemporaryFolder folder;
  const auto error = [&](const std::string& path) -> std::string {
    try {
      codecs::read_image(path);
    } catch (const FileError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(error(folder / "no.jpg"), (folder / "no.jpg") + ": cannot open: No such file or directory");
  EXPECT_EQ(error(folder.path().string()), folder.path().string() + ": is a folder, not a file");
}

TEST(Photographs, BothDecodersAgree) {
  const char* shared = std::getenv("SPARSEC_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : SPARSEC_SOURCE_DIR "/../shared") / "images";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no photographs beside the project";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_LT(mean_difference(read_image(entry.path().string()), codecs::read_image(entry.path().string())), 1.0)
        << entry.path();
  }
}

}  // namespace
}  // namespace sparsec
