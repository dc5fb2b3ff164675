// The public functions, and the same picture through them and through a compiled model.
#include "sparsec/detect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "tests/runtime/opencv_expected.h"
#include "tests/runtime/toy_model.h"
#include "toy.h"

namespace {

using namespace sparsec;

Image picture(int rows, int cols) {  // as tests/support/opencv_expected.py makes them
  Image p(rows, cols);
  for (size_t i = 0; i < p.rgb.size(); ++i) p.rgb[i] = uint8_t((uint64_t(i) * 2654435761u >> 7) % 256);
  return p;
}

TEST(Detect, ResizesAsOpenCv) {
  const Image out = resize(picture(7, 9), 5, 4);
  EXPECT_EQ(out.rgb, std::vector<uint8_t>(std::begin(opencv_expected::kFirst), std::end(opencv_expected::kFirst)));
}

TEST(Detect, RefusesNonsense) {
  Image broken(3, 3);
  broken.rgb.pop_back();
  EXPECT_THROW(resize(broken, 2, 2), std::invalid_argument);
  EXPECT_THROW(resize(picture(3, 3), 0, 2), std::invalid_argument);
  EXPECT_THROW(letterbox(Image(), 32, 32), std::invalid_argument);
  EXPECT_THROW(detections(std::vector<float>(13), 2), std::invalid_argument);
}

TEST(Detect, SuppressesByClass) {
  const std::vector<Detection> boxes{{0, 0, 10, 10, 0.6f, 0}, {3, 0, 13, 10, 0.9f, 0}, {3, 0, 13, 10, 0.7f, 1}};
  ASSERT_EQ(suppress(boxes).size(), 2u);
  EXPECT_EQ(suppress(boxes)[0].score, 0.9f);
  EXPECT_EQ(suppress(boxes, {.agnostic = true}).size(), 1u);
  EXPECT_TRUE(suppress({}).empty());
}

// Whatever a model gives: rows of zeros, infinities and what is no number beside two boxes.
TEST(Detect, TakesAnyRows) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> good{20, 20, 10, 10, 0.9f, 0.8f, 0.1f, 90, 20, 10, 10, 0.8f, 0.1f, 0.9f};
  std::vector<float> rows(7 * 20, 0.0f);
  rows.insert(rows.end(), good.begin(), good.end());
  for (const float bad : {kNan, kInf, -kInf})
    for (size_t i = 0; i < 7; ++i)
      for (size_t k = 0; k < 7; ++k) rows.push_back(k == i ? bad : 0.7f);
  rows.insert(rows.end(), 7 * 20, kNan);
  for (const bool multi_label : {false, true}) {
    for (const float confidence : {0.0f, 0.6f}) {
      std::vector<Detection> found = detections(rows, 2, {.confidence = confidence, .multi_label = multi_label});
      to_picture(found, letterbox(picture(10, 10), 32, 32));
      const auto is_good = [](const Detection& d) { return d.score == 0.9f * 0.8f || d.score == 0.8f * 0.9f; };
      EXPECT_EQ(std::count_if(found.begin(), found.end(), is_good), 2) << confidence;
      for (const Detection& d : found) EXPECT_GT(d.score, confidence);
    }
  }
  EXPECT_TRUE(detections(std::vector<float>(70, 0.0f), 2, {.confidence = 0}).empty());
  EXPECT_TRUE(detections(std::vector<float>(70, kNan), 2, {.confidence = 0}).empty());
}

TEST(Detect, InPartsIsTheSameAsWhole) {
  toy::Model model(2);
  for (const auto& [rows, cols] : {std::pair{32, 48}, {50, 41}, {33, 170}}) {
    const Image image = picture(rows, cols);
    const Letterboxed boxed = letterbox(image, toy_tables::kRows, toy_tables::kColumns);
    std::vector<float> rows_out(toy_tables::kOutputFloats), negative(toy_tables::kInputFloats);
    const void* inputs[] = {boxed.input.data()};
    void* outputs[] = {rows_out.data(), negative.data()};
    model.run(inputs, outputs);
    for (bool multi_label : {false, true}) {
      std::vector<Detection> parts =
          detections(rows_out, toy_tables::kClasses, {.confidence = 0.1f, .multi_label = multi_label});
      to_picture(parts, boxed);
      toy::DetectOptions options = toy::detect_defaults();
      options.confidence = 0.1f;
      options.multi_label = multi_label;
      const auto whole = model.detect(image.rgb.data(), rows, cols, 0, options);
      ASSERT_GT(whole.size(), 1u);
      ASSERT_EQ(parts.size(), whole.size());
      for (size_t i = 0; i < whole.size(); ++i) {
        EXPECT_EQ(parts[i].x1, whole[i].x1);
        EXPECT_EQ(parts[i].y2, whole[i].y2);
        EXPECT_EQ(parts[i].score, whole[i].score);
        EXPECT_EQ(parts[i].label, whole[i].label);
        EXPECT_GE(whole[i].x1, 0);
        EXPECT_LE(whole[i].x2, float(cols));
      }
    }
  }
}

}  // namespace
