// The demo's picture: coloured discs and squares on a grey, uneven wall, with grey distractors; and where the coloured
// ones are.
#pragma once

#include <cstdint>
#include <vector>

namespace demo {

inline constexpr int kSceneRows = 480, kSceneColumns = 640;

struct Object {
  int label;         // 0 red, 1 green, 2 blue; -1 grey: nothing to detect
  bool disc;         // else a square
  float x, y, side;  // centre and diameter, pixels
};

const std::vector<Object>& scene_objects();

// rows * columns * 3 bytes, RGB.
std::vector<uint8_t> draw_scene();

}  // namespace demo
