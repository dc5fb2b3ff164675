// The public functions, and the same picture through them and through a compiled model.
#include "sparsec/detect.h"

#include <gtest/gtest.h>

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
