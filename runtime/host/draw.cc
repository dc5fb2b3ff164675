// Drawing by filled rectangles, each cut to the picture first.
#include "sparsec/draw.h"

#include <algorithm>
#include <cmath>

#include "font.h"

namespace sparsec {
namespace {

constexpr int kGap = 1;  // dots between letters

// Pixel number of a coordinate; NaN and far outside become something harmless.
int pixel(float v, int limit) { return v >= 0 ? int(std::lround(std::min(v, float(limit)))) : 0; }

// Black or white, whichever reads better on the colour (Rec. 601 luma).
Color ink_on(Color c) { return 299 * c.r + 587 * c.g + 114 * c.b > 140000 ? Color{0, 0, 0} : Color{255, 255, 255}; }

}  // namespace

// The hue goes round by the golden angle, so that any run of classes is spread over the circle; every second round is
// darker.
Color class_color(int label) {
  const unsigned n = unsigned(label < 0 ? -(label + 1) : label) % 3600;
  const double hue = std::fmod(double(n) * 137.50776405, 360.0) / 60.0;
  const double value = n / 12 % 2 ? 0.72 : 1.0, low = 0.15;
  const auto channel = [&](double shift) {
    const double k = std::fmod(hue + shift, 6.0);
    const double saturation = std::clamp(std::min(k, 4.0 - k), 0.0, 1.0);
    return uint8_t(std::lround(255 * value * (1 - (1 - low) * saturation)));
  };
  return {channel(5), channel(3), channel(1)};
}

void fill_rectangle(Image& image, int left, int top, int width, int height, Color color) {
  const int64_t right = std::min<int64_t>(int64_t(left) + width, image.cols),
                bottom = std::min<int64_t>(int64_t(top) + height, image.rows);
  for (int row = std::max(top, 0); row < bottom; ++row) {
    for (int col = std::max(left, 0); col < right; ++col) {
      uint8_t* p = image.at(row, col);
      p[0] = color.r;
      p[1] = color.g;
      p[2] = color.b;
    }
  }
}

void draw_box(Image& image, float x1, float y1, float x2, float y2, Color color, int thickness) {
  const int left = pixel(x1, image.cols), right = pixel(x2, image.cols), top = pixel(y1, image.rows),
            bottom = pixel(y2, image.rows);
  if (right <= left || bottom <= top) return;
  const int width = right - left, height = bottom - top, t = std::clamp(thickness, 1, std::min(width, height));
  fill_rectangle(image, left, top, width, t, color);
  fill_rectangle(image, left, bottom - t, width, t, color);
  fill_rectangle(image, left, top, t, height, color);
  fill_rectangle(image, right - t, top, t, height, color);
}

int text_width(std::string_view text, int scale) {
  return text.empty() ? 0 : scale * (int(text.size()) * (kGlyphCols + kGap) - kGap);
}
int text_height(int scale) { return scale * kGlyphRows; }

void draw_text(Image& image, int left, int top, std::string_view text, Color color, int scale) {
  for (const char c : text) {
    const Glyph& dots = glyph(c);
    for (int row = 0; row < kGlyphRows; ++row) {
      for (int col = 0; col < kGlyphCols; ++col) {
        if (dots[size_t(row)] >> (kGlyphCols - 1 - col) & 1)
          fill_rectangle(image, left + col * scale, top + row * scale, scale, scale, color);
      }
    }
    left += (kGlyphCols + kGap) * scale;
  }
}

void draw_detection(Image& image, float x1, float y1, float x2, float y2, int label, std::string_view text) {
  const int scale = std::max(1, (image.rows + image.cols + 400) / 800), margin = scale;
  const Color color = class_color(label);
  draw_box(image, x1, y1, x2, y2, color, scale + 1);
  const int width = text_width(text, scale) + 2 * margin, height = text_height(scale) + 2 * margin;
  const int left = std::max(0, std::min(pixel(x1, image.cols), image.cols - width));
  const int above = pixel(y1, image.rows) - height, top = above >= 0 ? above : pixel(y1, image.rows);
  fill_rectangle(image, left, top, width, height, color);
  draw_text(image, left + margin, top + margin, text, ink_on(color), scale);
}

}  // namespace sparsec
