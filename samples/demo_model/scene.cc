// Drawn pixel by pixel: the wall is a gradient plus noise from a small hash; each object is shaded like a thing lit
// from above, its edge smoothed over one pixel. Integer hash and plain arithmetic, so the picture is the same
// everywhere.
#include "samples/demo_model/scene.h"

#include <algorithm>
#include <cmath>

namespace demo {
namespace {

struct Rgb {
  float r, g, b;
};

uint32_t hash(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

// -1 .. 1, the same for the same cell.
float noise(int x, int y, uint32_t seed) {
  return float(hash(uint32_t(x) * 73856093u ^ uint32_t(y) * 19349663u ^ seed) & 0xffff) / 32767.5f - 1;
}

// A plastered wall: darker downwards, with patches of 32 and of 8 pixels and grain. Its colour is a little warm.
Rgb wall(int x, int y) {
  const float light =
      168 - 0.11f * float(y) + 5 * noise(x / 32, y / 32, 1) + 4 * noise(x / 8, y / 8, 2) + 5 * noise(x, y, 3);
  return {light + 3, light, light - 3};
}

Rgb paint_of(int label) {
  switch (label) {
    case 0:
      return {222, 40, 38};
    case 1:
      return {38, 176, 62};
    case 2:
      return {42, 84, 226};
    default:
      return {96, 96, 96};
  }
}

// How much of the pixel the object covers, 0 to 1.
float coverage(const Object& o, float x, float y) {
  const float dx = std::fabs(x - o.x), dy = std::fabs(y - o.y), half = o.side / 2;
  const float outside = o.disc ? std::sqrt(dx * dx + dy * dy) - half : std::max(dx, dy) - half;
  return std::clamp(0.5f - outside, 0.0f, 1.0f);
}

uint8_t to_byte(float v) { return uint8_t(std::clamp(v + 0.5f, 0.0f, 255.0f)); }

}  // namespace

const std::vector<Object>& scene_objects() {
  // Sides of about 44, 88 and 176 pixels: 22, 44 and 88 in the network's input, the sizes of its three levels.
  static const std::vector<Object> objects = {
      {0, true, 140, 150, 176}, {2, false, 500, 330, 160}, {1, true, 330, 96, 92},    {0, false, 96, 392, 84},
      {2, true, 300, 300, 88},  {1, false, 590, 120, 48},  {2, true, 440, 60, 44},    {0, true, 340, 420, 46},
      {1, true, 215, 430, 44},  {-1, true, 460, 180, 90},  {-1, false, 210, 320, 60}, {-1, true, 30, 250, 40},
  };
  return objects;
}

std::vector<uint8_t> draw_scene() {
  std::vector<uint8_t> rgb;
  rgb.reserve(size_t(kSceneRows) * kSceneColumns * 3);
  for (int y = 0; y < kSceneRows; ++y) {
    for (int x = 0; x < kSceneColumns; ++x) {
      Rgb pixel = wall(x, y);
      const float px = float(x) + 0.5f, py = float(y) + 0.5f;
      for (const Object& o : scene_objects()) {
        const float share = coverage(o, px, py);
        if (share == 0) continue;
        const Rgb paint = paint_of(o.label);
        const float light = 1.08f - 0.22f * ((py - o.y) / o.side + 0.5f) + 0.02f * noise(x, y, 4);
        pixel.r += share * (paint.r * light - pixel.r);
        pixel.g += share * (paint.g * light - pixel.g);
        pixel.b += share * (paint.b * light - pixel.b);
      }
      rgb.insert(rgb.end(), {to_byte(pixel.r), to_byte(pixel.g), to_byte(pixel.b)});
    }
  }
  return rgb;
}

}  // namespace demo
