// Drawing on pictures: boxes, labels, and a small font.
//
// All coordinates are pixels, (0, 0) is the upper left corner; what lies outside the picture is cut off.
#pragma once

#include <cstdint>
#include <string_view>

#include "sparsec/image.h"

namespace sparsec {

struct Color {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Color&) const = default;
};

// A colour for each class: neighbours in number are far apart in hue.
Color class_color(int label);

// The frame of the box from (x1, y1) to (x2, y2), `thickness` pixels wide, inside the box.
void draw_box(Image& image, float x1, float y1, float x2, float y2, Color color, int thickness);

void fill_rectangle(Image& image, int left, int top, int width, int height, Color color);

// Text in the built-in 5x7 font, each of its dots `scale` pixels wide. ASCII; other bytes show as a box.
void draw_text(Image& image, int left, int top, std::string_view text, Color color, int scale);
int text_width(std::string_view text, int scale);
int text_height(int scale);

// A detection: its frame in the colour of its class, and above it (inside, at the picture's upper edge) the label on a
// filled tag. Line width and letters grow with the picture.
void draw_detection(Image& image, float x1, float y1, float x2, float y2, int label, std::string_view text);

}  // namespace sparsec
