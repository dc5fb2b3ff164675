// Drawing: what is painted, where, and that nothing is painted outside.
#include "sparsec/draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <tuple>

#include "font.h"

namespace sparsec {
namespace {

// '#' where the picture is not black.
std::string picture_of(const Image& image) {
  std::string out;
  for (int r = 0; r < image.rows; ++r) {
    for (int c = 0; c < image.cols; ++c) {
      const uint8_t* p = image.at(r, c);
      out += p[0] || p[1] || p[2] ? '#' : '.';
    }
    out += '\n';
  }
  return out;
}

constexpr Color kWhite{255, 255, 255};

TEST(Draw, BoxIsAFrame) {
  Image image(6, 8);
  draw_box(image, 1, 1, 7, 5, kWhite, 1);
  EXPECT_EQ(picture_of(image),
            "........\n"
            ".######.\n"
            ".#....#.\n"
            ".#....#.\n"
            ".######.\n"
            "........\n");
}

TEST(Draw, BoxIsCutToThePicture) {
  Image image(3, 3);
  const float huge = std::numeric_limits<float>::max(), nan = std::numeric_limits<float>::quiet_NaN();
  draw_box(image, -huge, -huge, huge, huge, kWhite, 1);
  EXPECT_EQ(picture_of(image), "###\n#.#\n###\n");
  Image other(3, 3);
  draw_box(other, nan, nan, nan, nan, kWhite, 1);
  draw_box(other, 2, 2, 1, 1, kWhite, 1);
  draw_box(other, 10, 10, 20, 20, kWhite, 1);
  EXPECT_EQ(picture_of(other), "...\n...\n...\n");
}

TEST(Draw, TextIsReadable) {
  Image image(7, 11);
  draw_text(image, 0, 0, "Hi", kWhite, 1);
  EXPECT_EQ(picture_of(image),
            "#...#...#..\n"
            "#...#......\n"
            "#...#..##..\n"
            "#####...#..\n"
            "#...#...#..\n"
            "#...#...#..\n"
            "#...#..###.\n");
  EXPECT_EQ(text_width("Hi", 1), 11);
  EXPECT_EQ(text_width("Hi", 3), 33);
  EXPECT_EQ(text_height(3), 21);
}

TEST(Draw, EveryPrintableCharacterHasAGlyphOfItsOwn) {
  std::set<Glyph> seen;
  for (char c = ' '; c <= '~'; ++c) EXPECT_TRUE(seen.insert(glyph(c)).second) << c;
  EXPECT_TRUE(seen.insert(glyph('\x80')).second);
  EXPECT_EQ(glyph('\n'), glyph('\xff'));
}

TEST(Draw, ColoursOfClassesDiffer) {
  std::set<std::tuple<int, int, int>> seen;
  for (int label = 0; label < 80; ++label) {
    const Color c = class_color(label);
    seen.insert({c.r, c.g, c.b});
    const Color next = class_color(label + 1);
    EXPECT_GT(std::abs(c.r - next.r) + std::abs(c.g - next.g) + std::abs(c.b - next.b), 100) << label;
  }
  EXPECT_EQ(seen.size(), 80U);
  EXPECT_EQ(class_color(-1), class_color(0));
  class_color(std::numeric_limits<int>::min());
}

TEST(Draw, DetectionStaysInsideWhereverItIs) {
  for (const float at : {-50.0f, 0.0f, 30.0f, 63.0f, 200.0f}) {
    Image image(64, 64);
    draw_detection(image, at, at, at + 20, at + 20, 3, "traffic light 0.87");
    EXPECT_EQ(image.rgb.size(), size_t(64 * 64 * 3));
    EXPECT_NE(picture_of(image).find('#'), std::string::npos) << at;
  }
}

}  // namespace
}  // namespace sparsec
