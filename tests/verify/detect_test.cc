// detect against its parts: the plain letterbox into a float tensor, a run of the whole model, the decoded tensor
// searched for boxes. The same detections to the bit, for every form of the tiny models, whatever the picture's size,
// the threads, the cache and the confidence, on its boundaries too.
#include "sparsec/detect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compiler/compile.h"
#include "compiler/engine/engine.h"
#include "runtime/core/numerics.h"
#include "samples/demo_model/detector.h"
#include "tests/support/quantised_head.h"
#include "tests/verify/tiny_models.h"

namespace sparsec {
namespace {

// A context of a compiled model.
class Model {
 public:
  Model(const engine::Library& library, int threads, const Isa& isa)
      : rt_(library.runtime()), model_(library.model()), isa_(isa.name) {
    sparsec_rt_options options{};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    options.isa = isa_.c_str();
    EXPECT_EQ(rt_.create(&model_, &options, &context_), SPARSEC_OK);
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { rt_.destroy(context_); }

  const sparsec_head& head() const { return rt_.program(context_)->head; }
  const sparsec_tensor& input() const { return model_.inputs[0]; }
  const sparsec_tensor& output(size_t k) const { return model_.outputs[k]; }

  std::vector<std::vector<float>> run(const void* input) {
    std::vector<std::vector<float>> outputs;
    std::vector<void*> out;
    for (uint32_t k = 0; k < model_.n_outputs; ++k) {
      size_t n = 1;
      for (uint32_t d = 0; d < output(k).rank; ++d) n *= size_t(output(k).shape[d]);
      outputs.emplace_back(n);
    }
    for (std::vector<float>& o : outputs) out.push_back(o.data());
    EXPECT_EQ(rt_.run(context_, &input, out.data()), SPARSEC_OK);
    return outputs;
  }

  std::vector<Detection> detect(const Image& image, float confidence, bool multi_label) {
    const sparsec_rt_detect_options options{sizeof options, confidence, 0.45f, 300, multi_label, 0};
    std::vector<sparsec_rt_detection> found(300);
    const int32_t n = rt_.detect(context_, image.rgb.data(), image.rows, image.cols, ptrdiff_t{3} * image.cols,
                                 &options, found.data(), 300);
    EXPECT_GE(n, 0) << rt_.last_error(context_);
    std::vector<Detection> out;
    for (int32_t i = 0; i < n; ++i) {
      const sparsec_rt_detection& d = found[size_t(i)];
      out.push_back({d.x1, d.y1, d.x2, d.y2, d.score, d.label});
    }
    return out;
  }

 private:
  const sparsec_runtime_api& rt_;
  const sparsec_model& model_;
  const std::string isa_;
  sparsec_rt_context* context_ = nullptr;
};

Image picture(int rows, int cols) {  // with objects of a sort: smooth shapes and noise
  Image p(rows, cols);
  for (size_t i = 0; i < p.rgb.size(); ++i)
    p.rgb[i] = uint8_t((i / 3 % size_t(cols) * 5 + i / 40 * (i % 3)) ^ (uint64_t(i) * 2654435761u >> 25));
  return p;
}

// The first picture's rows of 5 + classes; decoded here where the model gives raw heads ([1, anchors, rows, columns, 5
// + classes]).
std::vector<float> decoded(const Model& model, const std::vector<std::vector<float>>& outputs) {
  const sparsec_head& head = model.head();
  const auto channels = size_t(5 + head.classes);
  std::vector<float> rows;
  if (model.output(0).rank == 3) {
    rows = outputs[0];
    rows.resize(rows.size() / size_t(model.output(0).shape[0]));
    return rows;
  }
  for (uint32_t k = 0; k < head.levels; ++k) {
    const sparsec_level& level = head.level[k];
    for (size_t i = 0; i < outputs[k].size() / size_t(model.output(k).shape[0]); ++i) {
      const size_t cell = i / channels, c = i % channels, a = cell / size_t(level.rows * level.columns);
      const auto x = float(cell % size_t(level.columns)), y = float(cell / size_t(level.columns) % size_t(level.rows));
      const float p = head.sigmoid_done ? outputs[k][i] : numerics::sigmoid(outputs[k][i]);
      if (c < 2) {
        rows.push_back((p * 2.0f - 0.5f + (c == 0 ? x : y)) * level.stride);
      } else if (c < 4) {
        rows.push_back(p * 2.0f * (p * 2.0f) * level.anchor[a][c - 2]);
      } else {
        rows.push_back(p);
      }
    }
  }
  return rows;
}

// As the model's input wants it, the same picture for each of the batch.
std::vector<std::byte> as_input(const Letterboxed& boxed, const sparsec_tensor& input) {
  std::vector<std::byte> bytes, one;
  if (input.type == SPARSEC_U8) {
    for (float v : boxed.input) one.push_back(std::byte(std::lround(v * 255)));
  } else {
    one.resize(boxed.input.size() * 4);
    std::memcpy(one.data(), boxed.input.data(), one.size());
  }
  for (int64_t i = 0; i < input.shape[0]; ++i) bytes.insert(bytes.end(), one.begin(), one.end());
  return bytes;
}

void expect_same(const std::vector<Detection>& got, const std::vector<Detection>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].x1, wanted[i].x1);
    EXPECT_EQ(got[i].y1, wanted[i].y1);
    EXPECT_EQ(got[i].x2, wanted[i].x2);
    EXPECT_EQ(got[i].y2, wanted[i].y2);
    EXPECT_EQ(got[i].score, wanted[i].score);
    EXPECT_EQ(got[i].label, wanted[i].label);
  }
}

size_t check(Model& model, const Image& image) {
  const sparsec_head& head = model.head();
  const Letterboxed boxed = letterbox(image, head.input_rows, head.input_columns);
  const std::vector<float> rows = decoded(model, model.run(as_input(boxed, model.input()).data()));
  const size_t width = 5 + head.classes;
  std::vector<float> objectness;
  for (size_t i = 4; i < rows.size(); i += width) objectness.push_back(rows[i]);
  std::ranges::sort(objectness);
  size_t found = 0;
  // All boxes, some, few, none; and confidences that are some box's objectness, or a hair less.
  std::vector<float> confidences{0, 0.001f, 0.25f, 0.5f, 1};
  for (double share : {0.2, 0.9, 0.99, 0.997}) {
    const float o = objectness[size_t(share * double(objectness.size()))];
    confidences.insert(confidences.end(), {o, std::nextafter(o, 0.0f)});
  }
  for (const float confidence : confidences) {
    for (const bool multi_label : {false, true}) {
      SCOPED_TRACE("confidence " + std::to_string(confidence) + (multi_label ? ", multi-label" : ""));
      std::vector<Detection> wanted = detections(rows, int(head.classes), {confidence, 0.45f, 300, multi_label, false});
      to_picture(wanted, boxed);
      expect_same(model.detect(image, confidence, multi_label), wanted);
      found += wanted.size();
    }
  }
  return found;
}

CompileOptions options_for_tiny() {
  CompileOptions options;
  options.import.input_shape = {{64, 96}};
  options.targets = host_isas();
  options.name = "tiny";
  options.plan.l2_bytes = 48 << 10;  // small enough that tiny layers run in bands
  options.plan.band_tiles = 1;
  return options;
}

void check_model(const std::string& path, const CompileOptions& options, const std::vector<int>& teams = {1, 3}) {
  SCOPED_TRACE(path);
  const engine::Library library = engine::load(compile(path, options).image);
  for (const Isa* isa : options.targets) {
    for (const int threads : teams) {
      SCOPED_TRACE(std::string(isa->name) + ", threads " + std::to_string(threads));
      Model model(library, threads, *isa);
      size_t found = 0;
      for (const auto& [rows, cols] : {std::pair{64, 96}, {37, 211}, {128, 192}, {1, 1}})
        found += check(model, picture(rows, cols));
      EXPECT_GT(found, 100u);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Detect, GivesWhatItsPartsGive) {
  CompileOptions options = options_for_tiny();
  for (const std::string& path : testing::tiny_models()) check_model(path, options);
  options.plan.columns = false;
  check_model(testing::tiny_models().front(), options);  // one tells as much as all
}

// The demo's detector is large enough to be cut.
TEST(Detect, GivesWhatItsPartsGiveInStrips) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.write("demo.onnx", demo::make_detector());
  for (const int strips : {2, 5}) {
    CompileOptions options;
    options.targets = {host_isas().front()};
    options.plan.strips = strips;
    options.plan.l2_bytes = 48 << 10;
    options.plan.band_tiles = 1;
    ASSERT_EQ(compile(path, options).plans[0].program.strips, strips);
    check_model(path, options, {1, 2, 3, 5});
  }
}

// Quantisers within the head: of its arithmetic, where the boxes are rows of the output, and behind raw heads.
TEST(Detect, GivesWhatItsPartsGiveWhereTheHeadIsQuantised) {
  const testing::TemporaryFolder folder;
  for (const bool decoded : {true, false}) {
    for (const DType input : {DType::f32, DType::u8}) {
      for (const int64_t batch : {1, 3}) {
        if (batch == 3 && input == DType::u8) continue;
        const std::string path = folder.file((decoded ? "decoded-" : "raw-") + std::to_string(batch) + name_of(input));
        testing::write_quantised_head(path, {input, decoded});
        CompileOptions options = options_for_tiny();
        options.import.batch = batch;
        check_model(path, options);
      }
    }
  }
}

}  // namespace
}  // namespace sparsec
