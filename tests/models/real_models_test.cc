// Real detectors on photographs, against what ONNX Runtime found there; and the same picture again and again.
//
// The models, pictures and expected detections are those of the shared folder; without it these tests are skipped. Two
// sets of detections agree when of those with a score of 0.35 and more nearly all are in the other set, too, in both
// directions: with the same label, boxes that overlap by 0.9, and scores within 0.05. (Lesser ones come and go with the
// last bit.) Networks that were pruned and not trained again amplify rounding: of theirs three quarters.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/cli/session.h"
#include "compiler/compile.h"
#include "tests/models/found.h"
#include "tests/support/folders.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

namespace fs = std::filesystem;
using cli::Detection;
using Detections = std::vector<Detection>;

constexpr float kLeastScore = 0.35f, kScoreDifference = 0.05f;
constexpr double kLeastOverlap = 0.9;

double area(const Detection& d) { return double(d.x2 - d.x1) * double(d.y2 - d.y1); }

double overlap(const Detection& a, const Detection& b) {
  const double w = double(std::min(a.x2, b.x2)) - double(std::max(a.x1, b.x1));
  const double h = double(std::min(a.y2, b.y2)) - double(std::max(a.y1, b.y1));
  if (w <= 0 || h <= 0) return 0;
  return w * h / (area(a) + area(b) - w * h);
}

// Of the detections in one set that count, how many there are and how many are in the other set, too.
struct Share {
  size_t all = 0, matched = 0;
  void add(const std::string& picture, const Detections& these, const Detections& those) {
    for (const Detection& d : these) {
      if (d.score < kLeastScore) continue;
      ++all;
      const bool found = std::ranges::any_of(those, [&](const Detection& o) {
        return o.label == d.label && overlap(o, d) >= kLeastOverlap && std::abs(o.score - d.score) <= kScoreDifference;
      });
      matched += found;
      if (!found) unmatched += picture + ": label " + std::to_string(d.label) + " " + std::to_string(d.score) + "\n";
    }
  }
  double value() const { return double(matched) / double(all); }
  std::string unmatched;  // for messages
};

Detections expected_in(const nlohmann::json& picture) {
  Detections out;
  for (size_t i = 0; i < picture["scores"].size(); ++i) {
    const auto& box = picture["boxes"][i];
    out.push_back({box[0], box[1], box[2], box[3], picture["scores"][i], picture["labels"][i]});
  }
  return out;
}

// For the best instruction set of this machine.
engine::Library library_of(const fs::path& model) {
  CompileOptions options;
  options.targets = {host_isas().front()};
  return engine::load(compile(model.string(), options).image);
}

struct Case {
  const char* model;
  double need;  // the share that must agree
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.model; }

class RealModel : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto shared = testing::shared_folder();
    if (!shared) GTEST_SKIP() << "the shared models are not here";
    shared_ = *shared;
    model_ = shared_ / "models" / (std::string(GetParam().model) + ".onnx");
  }
  fs::path shared_, model_;
};

TEST_P(RealModel, FindsWhatOnnxRuntimeFinds) {
  const std::string name = GetParam().model;
  const auto expected = nlohmann::json::parse(testing::read_file(shared_ / "expected" / (name + ".json")));
  const cli::LoadedModel model(library_of(model_), name, {.threads = 2, .isa = ""});
  Share missed, extra;
  for (const auto& [picture, wanted] : expected.items()) {
    const Detections theirs = expected_in(wanted);
    const Detections ours = model.detect(codecs::read_image((shared_ / "letterboxed" / picture).string()), {});
    missed.add(picture, theirs, ours);
    extra.add(picture, ours, theirs);
  }
  EXPECT_GE(expected.size(), 6U);
  EXPECT_GE(missed.all, 10U);
  EXPECT_GE(extra.all, 10U);
  EXPECT_GE(missed.value(), GetParam().need) << "missed\n" << missed.unmatched;
  EXPECT_GE(extra.value(), GetParam().need) << "found besides\n" << extra.unmatched;
}

constexpr Case kCases[] = {{"yolov5n-dense", 0.95},
                           {"yolov5n-dense_quant-in", 0.95},
                           {"yolov5n-dense_quant-convint", 0.95},
                           {"yolov5n-pruned65_bnfix_quant-all", 0.75},
                           {"yolov5n-pruned65_bnfix_quant-qop", 0.75}};

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.model;  // GoogleTest takes letters, digits and underscores
  std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, RealModel, ::testing::ValuesIn(kCases), name_of_case);

// A context is used again and again: what one picture leaves in the arena, in borders too, must not show in the next.
class RepeatedPicture : public RealModel {};

TEST_P(RepeatedPicture, GivesTheSameEachTimeOnOneAndTwoThreads) {
  const engine::Library library = library_of(model_);
  // Something in it reaches the picture's edge, and another picture comes between.
  const Image kite = codecs::read_image((shared_ / "letterboxed/kite.png").string());
  const Image bus = codecs::read_image((shared_ / "images/bus.jpg").string());
  const cli::DetectOptions sensitive{.confidence = 0.001f, .max_detections = 1000};
  std::string first;
  for (const int threads : {1, 2}) {
    const cli::LoadedModel model(library, GetParam().model, {.threads = threads, .isa = ""});
    for (int time = 1; time <= 4; ++time) {
      const std::string found = testing::text_of(model.detect(kite, sensitive));
      if (first.empty()) first = found;
      EXPECT_EQ(found, first) << "time " << time << " on " << threads << " threads";
      if (time == 3) {
        EXPECT_NE(testing::text_of(model.detect(bus, sensitive)), first);
      }
    }
  }
  EXPECT_GT(std::ranges::count(first, '\n'), 50);
}

constexpr Case kRepeated[] = {{"yolov5n-dense", 1}, {"yolov5n-dense_quant-in", 1}, {"yolov5s-block4_65_quant-in", 1}};

INSTANTIATE_TEST_SUITE_P(All, RepeatedPicture, ::testing::ValuesIn(kRepeated), name_of_case);

}  // namespace
}  // namespace sparsec
