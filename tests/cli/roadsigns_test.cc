// The shipped model finds the signs of the shipped scenes, through the command that a user runs.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

using nlohmann::json;

const fs::path kModels = SPARSEC_SOURCE_DIR "/samples/models";
constexpr double kSide = 640;

struct Sign {
  int label;
  double x1, y1, x2, y2;
};

double overlap(const Sign& a, const Sign& b) {
  const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const double both = std::max(w, 0.0) * std::max(h, 0.0);
  return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both);
}

std::vector<Sign> labels(const fs::path& path) {
  std::vector<Sign> signs;
  std::istringstream text(testing::read_file(path));
  int label = 0;
  for (double x = 0, y = 0, w = 0, h = 0; text >> label >> x >> y >> w >> h;)
    signs.push_back({label, (x - w / 2) * kSide, (y - h / 2) * kSide, (x + w / 2) * kSide, (y + h / 2) * kSide});
  return signs;
}

std::vector<Sign> detections(const json& one) {
  std::vector<Sign> signs;
  for (size_t i = 0; i < one["boxes"].size(); ++i) {
    const json& box = one["boxes"][i];
    signs.push_back({one["labels"][i], box[0], box[1], box[2], box[3]});
  }
  return signs;
}

TEST_F(Program, ShippedModelFindsTheSignsOfTheShippedScenes) {
  const Outcome o = sparsec("detect '" + (kModels / "roadsigns.onnx").string() + "' '" +
                            (kModels / "scenes/images").string() + "' --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const json all = json::parse(o.out);
  EXPECT_EQ(all.size(), 50u);
  int there = 0, found = 0, right = 0;
  for (const auto& [picture, one] : all.items()) {
    std::vector<Sign> wanted = labels(kModels / "scenes/labels" / fs::path(picture).replace_extension(".txt"));
    there += int(wanted.size());
    for (const Sign& sign : detections(one)) {
      ++found;
      const auto hit =
          std::ranges::find_if(wanted, [&](const Sign& w) { return w.label == sign.label && overlap(w, sign) >= 0.5; });
      if (hit == wanted.end()) continue;
      ++right;
      wanted.erase(hit);
    }
  }
  EXPECT_GT(there, 100);
  EXPECT_GE(right, 0.85 * there) << right << " of " << there << " signs found";
  EXPECT_GE(right, 0.85 * found) << right << " of " << found << " detections right";
}

}  // namespace
}  // namespace sparsec::cli
