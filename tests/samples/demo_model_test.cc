// The demo's files are the same on every run, and the model finds what the picture shows.
#include <gtest/gtest.h>

#include <cstdlib>

#include "samples/demo_model/detector.h"
#include "samples/demo_model/scene.h"

namespace demo {
namespace {

TEST(DemoModel, SameBytesEveryTime) {
  const std::string model = make_detector();
  EXPECT_EQ(model, make_detector());
  EXPECT_NE(model.find("QuantizeLinear"), std::string::npos);
  EXPECT_NE(model.find("output0"), std::string::npos);
  EXPECT_NE(model.find("{0: 'red', 1: 'green', 2: 'blue'}"), std::string::npos);
}

TEST(DemoScene, ObjectsArePaintedInTheirColours) {
  const std::vector<uint8_t> rgb = draw_scene();
  EXPECT_EQ(rgb, draw_scene());
  ASSERT_EQ(rgb.size(), size_t(kSceneRows * kSceneColumns * 3));
  for (const Object& o : scene_objects()) {
    const uint8_t* p = &rgb[(size_t(o.y) * kSceneColumns + size_t(o.x)) * 3];
    for (int c = 0; c < 3; ++c) {
      if (c == o.label) continue;
      const int excess = o.label >= 0 ? p[o.label] - p[c] : 100 - std::abs(p[0] - p[c]);  // grey: no channel stands out
      EXPECT_GT(excess, 80) << o.x << "," << o.y;
    }
  }
}

}  // namespace
}  // namespace demo
