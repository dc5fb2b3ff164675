// A whole model, from tables to detections, by the C functions and the C++ class of the generated header.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core/api.h"
#include "tests/runtime/toy_model.h"
#include "toy.h"

extern "C" int32_t toy_default_detections(void);

namespace {

using namespace toy_tables;

std::vector<float> some_picture(int pictures = 1) {
  std::vector<float> v(size_t(pictures) * kInputFloats);
  for (size_t i = 0; i < v.size(); ++i) v[i] = float(i * 7919 % 1000) / 1000;
  return v;
}

// What the toy computes for one picture.
void expect_outputs(const float* in, const float* boxes, const float* negative) {
  for (int i = 0; i < kInputFloats; ++i) ASSERT_EQ(negative[i], -in[i]);
  for (int y = 0; y < kCellRows; ++y) {
    for (int x = 0; x < kCellColumns; ++x) {
      const float* b = boxes + (y * kCellColumns + x) * kChannels;
      EXPECT_EQ(b[0], (float(x) + 0.5f) * 8);
      EXPECT_EQ(b[1], (float(y) + 0.5f) * 8);
      EXPECT_EQ(b[2], 16);
      EXPECT_EQ(b[3], 16);
      for (int c = 0; c < 3; ++c) EXPECT_EQ(b[4 + c], in[(c * kRows + 8 * y) * kColumns + 8 * x]);
    }
  }
}

struct Context {
  explicit Context(const sparsec_model& model, int threads, void* memory = nullptr, uint64_t bytes = 0) {
    sparsec_rt_options o{};
    o.struct_bytes = sizeof o;
    o.threads = threads;
    o.memory = memory;
    o.memory_bytes = bytes;
    o.error = error;
    o.error_bytes = sizeof error;
    status = sparsec_rt_create(&model, &o, &context);
  }
  ~Context() { sparsec_rt_destroy(context); }
  sparsec_rt_context* context = nullptr;
  int32_t status;
  char error[256];
};

TEST(Model, RunsWithAnyNumberOfThreads) {
  const std::vector<float> in = some_picture();
  for (int threads : {1, 2, 3, 7}) {
    Context c(toy_model, threads);
    ASSERT_EQ(c.status, SPARSEC_OK) << c.error;
    EXPECT_EQ(sparsec_rt_threads(c.context), threads);
    EXPECT_STREQ(sparsec_rt_isa(c.context), "scalar");
    for (int again = 0; again < 20; ++again) {
      std::vector<float> boxes(kOutputFloats, -1.0f), negative(kInputFloats, -1.0f);
      const void* inputs[] = {in.data()};
      void* outputs[] = {boxes.data(), negative.data()};
      ASSERT_EQ(sparsec_rt_run(c.context, inputs, outputs), SPARSEC_OK);
      expect_outputs(in.data(), boxes.data(), negative.data());
    }
  }
}

TEST(Model, RunsEachPictureOfABatch) {
  const std::vector<float> in = some_picture(2);
  Context c(kBatchOfTwo, 2);
  ASSERT_EQ(c.status, SPARSEC_OK) << c.error;
  std::vector<float> boxes(2 * kOutputFloats), negative(2 * kInputFloats);
  const void* inputs[] = {in.data()};
  void* outputs[] = {boxes.data(), negative.data()};
  ASSERT_EQ(sparsec_rt_run(c.context, inputs, outputs), SPARSEC_OK);
  for (int i = 0; i < 2; ++i) {
    expect_outputs(in.data() + i * kInputFloats, boxes.data() + i * kOutputFloats, negative.data() + i * kInputFloats);
  }
}

TEST(Model, LivesInTheCallersMemory) {
  const std::vector<float> in = some_picture();
  const size_t bytes = sparsec_rt_context_bytes(&toy_model, 2);
  for (size_t shift : {0, 1, 40}) {
    std::vector<unsigned char> memory(bytes + shift + 64, 0xa5);
    // The place that is the worst aligned still has room: context_bytes allows for it.
    Context c(toy_model, 2, memory.data() + shift, bytes);
    ASSERT_EQ(c.status, SPARSEC_OK) << c.error;
    std::vector<float> boxes(kOutputFloats), negative(kInputFloats);
    const void* inputs[] = {in.data()};
    void* outputs[] = {boxes.data(), negative.data()};
    ASSERT_EQ(sparsec_rt_run(c.context, inputs, outputs), SPARSEC_OK);
    expect_outputs(in.data(), boxes.data(), negative.data());
    for (size_t i = bytes + shift; i < memory.size(); ++i) ASSERT_EQ(memory[i], 0xa5);
    for (size_t i = 0; i < shift; ++i) ASSERT_EQ(memory[i], 0xa5);
  }
  std::vector<unsigned char> little(bytes / 2);
  Context c(toy_model, 2, little.data(), little.size());
  EXPECT_EQ(c.status, SPARSEC_NO_MEMORY);
  EXPECT_EQ(c.context, nullptr);
  EXPECT_NE(std::string(c.error).find("are needed"), std::string::npos) << c.error;
}

TEST(Model, RunsPartsOfTheSchedule) {
  Context c(toy_model, 2);
  const std::vector<float> in = some_picture();
  const void* inputs[] = {in.data()};
  void* outputs[] = {nullptr, nullptr};
  ASSERT_EQ(sparsec_rt_run_entries(c.context, inputs, outputs, 0, 0, 3), SPARSEC_OK);
  const float* arena = static_cast<const float*>(sparsec_rt_arena(c.context));
  EXPECT_EQ(arena[0], 0.5f);
  EXPECT_EQ(arena[4 * 24 + 7], in[8 * kColumns + 8]);  // red of cell (1, 1)
  EXPECT_EQ(sparsec_rt_run_entries(c.context, inputs, outputs, 0, 0, 7), SPARSEC_BAD_ARGUMENT);
  EXPECT_EQ(sparsec_rt_run_entries(c.context, inputs, outputs, 1, 0, 1), SPARSEC_BAD_ARGUMENT);
}

// A picture of the network's size in which a cell is lit.
struct Picture {
  std::vector<uint8_t> rgb = std::vector<uint8_t>(kRows * kColumns * 3, 0);
  void light(int y, int x, uint8_t red, uint8_t green, uint8_t blue) {
    uint8_t* p = &rgb[size_t((8 * y * kColumns + 8 * x) * 3)];
    p[0] = red, p[1] = green, p[2] = blue;
  }
};

TEST(Model, DetectsByTheCppClass) {
  toy::Model model(2);
  EXPECT_EQ(model.threads(), 2);
  Picture picture;
  picture.light(1, 1, 255, 204, 0);
  picture.light(1, 2, 255, 102, 255);
  picture.light(3, 5, 50, 255, 255);  // 50/255 is below 0.25
  const std::vector<toy::Detection> found = model.detect(picture.rgb.data(), kRows, kColumns);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_EQ(found[0].score, 1.0f);
  EXPECT_EQ(found[0].x1, 12.0f);
  EXPECT_EQ(found[0].y1, 4.0f);
  EXPECT_EQ(found[0].x2, 28.0f);
  EXPECT_EQ(found[0].y2, 20.0f);
  EXPECT_EQ(found[1].label, 0);
  EXPECT_FLOAT_EQ(found[1].score, 0.8f);
  EXPECT_STREQ(toy::Model::class_name(0), "green thing");
  EXPECT_EQ(toy::Model::class_name(2), nullptr);
  EXPECT_EQ(toy::Model::class_name(-1), nullptr);

  toy::DetectOptions options = toy::detect_defaults();
  options.max_detections = 1;
  EXPECT_EQ(model.detect(picture.rgb.data(), kRows, kColumns, 0, options).size(), 1u);
  options = toy::detect_defaults();
  options.confidence = 0.15f;
  EXPECT_EQ(model.detect(picture.rgb.data(), kRows, kColumns, 0, options).size(), 3u);
  options.multi_label = 1;  // the second and third are both classes
  EXPECT_EQ(model.detect(picture.rgb.data(), kRows, kColumns, 0, options).size(), 5u);
  options.agnostic = 1;  // one box of each place; the overlap of the first two is 1/3
  EXPECT_EQ(model.detect(picture.rgb.data(), kRows, kColumns, 0, options).size(), 3u);
  options.iou = 0.3f;
  EXPECT_EQ(model.detect(picture.rgb.data(), kRows, kColumns, 0, options).size(), 2u);

  toy::Model other = std::move(model);
  EXPECT_EQ(other.detect(picture.rgb.data(), kRows, kColumns).size(), 2u);
  EXPECT_THROW(other.detect(nullptr, kRows, kColumns), std::runtime_error);
  // NOLINTNEXTLINE(bugprone-use-after-move): that it throws is promised
  EXPECT_THROW(model.detect(picture.rgb.data(), kRows, kColumns), std::runtime_error);
}

TEST(Model, ReadsBottomUpPictures) {
  Picture picture;
  picture.light(1, 1, 255, 255, 0);
  std::vector<uint8_t> flipped(picture.rgb.size());
  for (int y = 0; y < kRows; ++y)
    memcpy(&flipped[size_t((kRows - 1 - y) * kColumns * 3)], &picture.rgb[size_t(y * kColumns * 3)], kColumns * 3);
  toy::Model model(1);
  const auto a = model.detect(picture.rgb.data(), kRows, kColumns);
  const auto b = model.detect(&flipped[size_t((kRows - 1) * kColumns * 3)], kRows, kColumns, -kColumns * 3);
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_EQ(memcmp(&a[0], &b[0], sizeof a[0]), 0);  // NOLINT(bugprone-suspicious-memory-comparison): the same bits
}

TEST(Model, MapsBoxesBackToTheGivenPicture) {
  // Twice the size: the mean of 2x2 pixels; boxes come back twice as large, clipped to the picture.
  const int rows = 2 * kRows, columns = 2 * kColumns;
  std::vector<uint8_t> rgb(size_t(rows * columns * 3), 0);
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 2; ++x) {
      rgb[size_t((y * columns + x) * 3)] = 255;      // red in cell (0, 0)
      rgb[size_t((y * columns + x) * 3 + 1)] = 255;  // green
    }
  }
  toy::Model model(2);
  const auto found = model.detect(rgb.data(), rows, columns);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].x1, 0.0f);  // (4 - 8) * 2, clipped
  EXPECT_EQ(found[0].y1, 0.0f);
  EXPECT_EQ(found[0].x2, 24.0f);  // (4 + 8) * 2
  EXPECT_EQ(found[0].y2, 24.0f);
}

TEST(Model, DetectsWhereTheHeadIsAnOutputOfLogits) {
  Context c(kHeadInOutput, 2);
  ASSERT_EQ(c.status, SPARSEC_OK) << c.error;
  Picture picture;  // all logits are 0 but one cell's objectness and classes
  picture.light(2, 3, 255, 51, 0);
  sparsec_rt_detection found[8];
  sparsec_rt_detect_options o{sizeof o, 0.36f, 0.45f, 300, 0, 0};
  const int32_t n = sparsec_rt_detect(c.context, picture.rgb.data(), kRows, kColumns, kColumns * 3, &o, found, 8);
  ASSERT_EQ(n, 1);  // sigmoid(1) * sigmoid(0.2) = 0.402; all others sigmoid(0)^2 = 0.25
  EXPECT_NEAR(found[0].score, 0.7310586f * 0.5498340f, 1e-6);
  const float p = 0.6224593f;  // sigmoid(0.5)
  EXPECT_NEAR((found[0].x1 + found[0].x2) / 2, (2 * p - 0.5f + 3) * 8, 1e-4);
  EXPECT_NEAR(found[0].x2 - found[0].x1, 4 * p * p * 16, 1e-4);
}

// The same boxes from the decoded output as from the head.
TEST(Model, DetectsFromDecodedRows) {
  Picture picture;
  picture.light(2, 3, 255, 51, 0);
  picture.light(1, 1, 200, 80, 240);
  for (const sparsec_model* model : {&kRowsInOutput, &kBatchOfRows}) {
    for (const int threads : {1, 2, 3}) {
      Context rows(*model, threads), head(toy_model, threads);
      ASSERT_EQ(rows.status, SPARSEC_OK) << rows.error;
      EXPECT_EQ(sparsec_rt_class_count(model), kClasses);
      EXPECT_STREQ(sparsec_rt_class_name(model, 1), "blue thing");
      for (const uint32_t multi_label : {0u, 1u}) {
        const sparsec_rt_detect_options o{sizeof o, 0.1f, 0.45f, 300, multi_label, 0};
        sparsec_rt_detection found[8] = {}, wanted[8] = {};
        const int32_t n =
            sparsec_rt_detect(rows.context, picture.rgb.data(), kRows, kColumns, kColumns * 3, &o, found, 8);
        ASSERT_EQ(n, multi_label ? 3 : 2);
        ASSERT_EQ(n, sparsec_rt_detect(head.context, picture.rgb.data(), kRows, kColumns, kColumns * 3, &o, wanted, 8));
        // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bits
        EXPECT_EQ(std::memcmp(found, wanted, sizeof found), 0);
      }
    }
  }
}

TEST(Model, SaysWhatIsWrong) {
  char why[256];
  toy_options o{};
  o.struct_bytes = sizeof o;
  o.error = why;
  o.error_bytes = sizeof why;
  toy_context* context = reinterpret_cast<toy_context*>(1);
  o.isa = "sse9";
  EXPECT_EQ(toy_create(&o, &context), toy_bad_cpu);
  EXPECT_EQ(context, nullptr);
  EXPECT_STREQ(why, "toy: no code for ISA 'sse9'; the library has: impossible, scalar");
  o.isa = "impossible";
  EXPECT_EQ(toy_create(&o, &context), toy_bad_cpu);
  EXPECT_NE(std::string(why).find("this CPU lacks "), std::string::npos) << why;
  EXPECT_NE(std::string(why).find("which 'impossible' needs"), std::string::npos) << why;
  o.isa = nullptr;
  o.threads = -1;
  EXPECT_EQ(toy_create(&o, &context), toy_bad_argument);
  o.threads = 1;
  EXPECT_EQ(toy_create(&o, nullptr), toy_bad_argument);
  o.struct_bytes = 0;
  EXPECT_EQ(toy_create(&o, &context), toy_bad_version);
  EXPECT_EQ(toy_create(nullptr, &context), toy_ok);

  Picture picture;
  toy_detection found[2];
  const uint8_t* rgb = picture.rgb.data();
  EXPECT_EQ(toy_detect(nullptr, rgb, kRows, kColumns, kColumns * 3, nullptr, found, 2), toy_bad_argument);
  EXPECT_EQ(toy_detect(context, nullptr, kRows, kColumns, kColumns * 3, nullptr, found, 2), toy_bad_argument);
  EXPECT_STREQ(toy_last_error(context), "toy: the picture is null");
  EXPECT_EQ(toy_detect(context, rgb, 0, kColumns, kColumns * 3, nullptr, found, 2), toy_bad_argument);
  EXPECT_EQ(toy_detect(context, rgb, kRows, 1 << 21, 3 << 21, nullptr, found, 2), toy_bad_argument);
  EXPECT_EQ(toy_detect(context, rgb, kRows, kColumns, kColumns, nullptr, found, 2), toy_bad_argument);
  EXPECT_EQ(toy_detect(context, rgb, kRows, kColumns, kColumns * 3, nullptr, nullptr, 2), toy_bad_argument);
  EXPECT_EQ(toy_detect(context, rgb, kRows, kColumns, kColumns * 3, nullptr, nullptr, 0), 0);
  toy_detect_options d = toy_detect_defaults();
  d.confidence = 2;
  EXPECT_EQ(toy_detect(context, rgb, kRows, kColumns, kColumns * 3, &d, found, 2), toy_bad_argument);
  d.struct_bytes = 0;
  EXPECT_EQ(toy_detect(context, rgb, kRows, kColumns, kColumns * 3, &d, found, 2), toy_bad_version);
  EXPECT_EQ(toy_run(context, nullptr, nullptr), toy_bad_argument);
  const void* no_inputs[] = {nullptr};
  void* no_outputs[] = {nullptr, nullptr};
  EXPECT_EQ(toy_run(context, no_inputs, no_outputs), toy_bad_argument);
  toy_destroy(context);
  toy_destroy(nullptr);
}

TEST(Model, RefusesTablesOfAnotherVersion) {
  sparsec_model old = toy_model;
  old.abi_version = SPARSEC_ABI_VERSION + 1;
  Context c(old, 1);
  EXPECT_EQ(c.status, SPARSEC_BAD_VERSION);
  EXPECT_NE(std::string(c.error).find("version"), std::string::npos);
}

TEST(Model, RefusesToDetectWithoutAHead) {
  sparsec_program headless = *toy_model.programs[1];
  headless.head.levels = 0;
  const sparsec_program* programs[] = {&headless};
  sparsec_model model = toy_model;
  model.programs = programs;
  model.n_programs = 1;
  Context c(model, 1);
  ASSERT_EQ(c.status, SPARSEC_OK);
  EXPECT_EQ(sparsec_rt_class_count(&model), 0);
  sparsec_rt_detection found;
  Picture picture;
  EXPECT_EQ(sparsec_rt_detect(c.context, picture.rgb.data(), kRows, kColumns, kColumns * 3, nullptr, &found, 1),
            SPARSEC_NOT_A_DETECTOR);
}

TEST(Model, ServesOneCallAtATime) {
  Context c(toy_model, 2);
  const std::vector<float> in = some_picture();
  std::atomic<int> ok{0}, busy{0};
  const auto hammer = [&] {
    std::vector<float> boxes(kOutputFloats), negative(kInputFloats);
    const void* inputs[] = {in.data()};
    void* outputs[] = {boxes.data(), negative.data()};
    for (int i = 0; i < 300; ++i) {
      const int32_t status = sparsec_rt_run(c.context, inputs, outputs);
      if (status == SPARSEC_OK) {
        ++ok;
        expect_outputs(in.data(), boxes.data(), negative.data());
      } else if (status == SPARSEC_BUSY) {
        ++busy;
      }
    }
  };
  std::thread a(hammer), b(hammer);
  a.join();
  b.join();
  EXPECT_EQ(ok + busy, 600);
  EXPECT_GT(ok, 0);
}

TEST(Model, TellsAboutItself) {
  EXPECT_EQ(toy_input_count(), 1);
  EXPECT_EQ(toy_output_count(), 2);
  ASSERT_NE(toy_input(0), nullptr);
  EXPECT_STREQ(toy_input(0)->name, "images");
  EXPECT_EQ(toy_input(0)->shape[3], kColumns);
  EXPECT_EQ(toy_input(1), nullptr);
  EXPECT_EQ(toy_output(-1), nullptr);
  EXPECT_EQ(toy_output(1)->rank, 4u);
  EXPECT_EQ(toy_class_count(), 2);
  EXPECT_STREQ(toy_about(0), "toy");
  EXPECT_EQ(toy_about(9), nullptr);
  EXPECT_EQ(toy_default_detections(), 300);
  for (int status = 0; status >= -7; --status) EXPECT_STRNE(toy_status_text(status), "an unknown status");
}

}  // namespace
