// The demo's files are the same on every run, and the model finds what the picture shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "samples/demo_model/detector.h"
#include "samples/demo_model/scene.h"

#ifdef SPARSEC_HAVE_IMPORT
#include "compiler/import/import.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#endif

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

#ifdef SPARSEC_HAVE_IMPORT
constexpr int kRows = kSceneRows / 2, kColumns = kSceneColumns / 2, kTop = (kInputSize - kRows) / 2;

// The scene at half size, with grey above and below: what letterboxing makes of it. Planes of 0..1.
sparsec::Tensor letterboxed_scene() {
  static_assert(kColumns == kInputSize);
  const std::vector<uint8_t> rgb = draw_scene();
  std::vector<float> planes(3 * kInputSize * kInputSize, 114.0f / 255);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < kRows; ++y) {
      for (int x = 0; x < kColumns; ++x) {
        const auto pixel = [&](int dy, int dx) {
          return int(rgb[(size_t(2 * y + dy) * kSceneColumns + size_t(2 * x + dx)) * 3 + size_t(c)]);
        };
        const int mean = (pixel(0, 0) + pixel(0, 1) + pixel(1, 0) + pixel(1, 1)) / 4;
        planes[(size_t(c) * kInputSize + size_t(kTop + y)) * kInputSize + size_t(x)] = float(mean) / 255;
      }
    }
  }
  return sparsec::Tensor::of<float>({1, 3, kInputSize, kInputSize}, planes);
}

struct Found {
  float x, y, width, height, score;  // centre and size in pixels of the scene
  int label;
};

float overlap(const Found& a, const Found& b) {
  const float w = std::min(a.x + a.width / 2, b.x + b.width / 2) - std::max(a.x - a.width / 2, b.x - b.width / 2);
  const float h = std::min(a.y + a.height / 2, b.y + b.height / 2) - std::max(a.y - a.height / 2, b.y - b.height / 2);
  const float both = std::max(w, 0.0f) * std::max(h, 0.0f);
  return both / (a.width * a.height + b.width * b.height - both);
}

// Rows of centre, size, objectness, classes -> what remains at confidence 0.25 after suppression at 0.45.
std::vector<Found> suppress(std::span<const float> rows) {
  std::vector<Found> all, kept;
  for (size_t i = 0; i < rows.size(); i += 8) {
    const float* r = &rows[i];
    const int label = int(std::max_element(r + 5, r + 8) - (r + 5));
    const float score = r[4] * r[5 + label];
    if (score > 0.25f) all.push_back({2 * r[0], 2 * (r[1] - kTop), 2 * r[2], 2 * r[3], score, label});
  }
  std::ranges::sort(all, std::greater{}, &Found::score);
  for (const Found& f : all) {
    if (std::ranges::none_of(kept, [&](const Found& k) { return k.label == f.label && overlap(k, f) > 0.45f; }))
      kept.push_back(f);
  }
  return kept;
}

TEST(DemoModel, FindsExactlyTheColouredObjects) {
  using namespace sparsec;
  const std::string path = testing::TempDir() + "demo_find.onnx";
  std::ofstream(path, std::ios::binary) << make_detector();
  Graph g = import_onnx(path, {});
  for (const auto pass : {passes::fold_constants, passes::remove_dead_code, passes::recognise_activations,
                          passes::lower_head, passes::integerise, passes::fuse_epilogues}) {
    g = pass(std::move(g));
  }
  EXPECT_EQ(g.meta.class_names, (std::vector<std::string>{"red", "green", "blue"}));
  ASSERT_EQ(g.outputs.size(), 1u);
  EXPECT_EQ(g.value(g.outputs[0]).shape, (Shape{1, 6300, 8}));
  const std::map<ValueId, TensorPtr> values = oracle::run(g, {share(letterboxed_scene())});
  const std::vector<Found> found = suppress(values.at(g.outputs[0])->data<float>());

  size_t coloured = 0;
  for (const Object& o : scene_objects()) {
    if (o.label < 0) continue;
    ++coloured;
    const Found truth{o.x, o.y, o.side, o.side, 1, o.label};
    EXPECT_EQ(
        std::ranges::count_if(found, [&](const Found& f) { return f.label == o.label && overlap(f, truth) > 0.6f; }), 1)
        << "label " << o.label << " at " << o.x << "," << o.y;
  }
  EXPECT_EQ(found.size(), coloured);
}
#endif

}  // namespace
}  // namespace demo
