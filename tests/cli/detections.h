// What `sparsec detect` is held against: this file's own decoding and suppression of what `sparsec run` gives for the
// same picture.
#pragma once

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "sparsec/image.h"
#include "tests/cli/program.h"

namespace sparsec::cli {

using nlohmann::json;

struct Box {
  double x1, y1, x2, y2, score;
  int label;
};

inline std::vector<float> floats(const NpyArray& array) {
  std::vector<float> out(array.bytes.size() / 4);
  std::memcpy(out.data(), array.bytes.data(), array.bytes.size());
  return out;
}

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Levels of 1 x 3 x rows x columns x (5 + classes) numbers as rows of centre, size, objectness and classes, as YOLOv5
// decodes them.
using Anchors = std::vector<std::array<std::array<double, 2>, 3>>;  // by level
inline const Anchors kAnchors{{{{10, 13}, {16, 30}, {33, 23}}},
                              {{{30, 61}, {62, 45}, {59, 119}}},
                              {{{116, 90}, {156, 198}, {373, 326}}}};  // YOLOv5's own
inline std::vector<float> decode(const std::vector<NamedArray>& levels, const Anchors& anchors = kAnchors) {
  std::vector<float> out;
  for (size_t level = 0; level < levels.size(); ++level) {
    const std::vector<int64_t>& shape = levels[level].array.shape;
    const std::vector<float> raw = floats(levels[level].array);
    const double stride = 8 << level;
    const auto values = size_t(shape[4]);
    for (size_t row = 0; row < raw.size() / values; ++row) {
      const auto x = double(row % size_t(shape[3])), y = double(row / size_t(shape[3]) % size_t(shape[2]));
      const auto& anchor = anchors[level][row / size_t(shape[2] * shape[3]) % 3];
      const float* t = &raw[row * values];
      out.push_back(float((2 * sigmoid(t[0]) - 0.5 + x) * stride));
      out.push_back(float((2 * sigmoid(t[1]) - 0.5 + y) * stride));
      out.push_back(float(4 * sigmoid(t[2]) * sigmoid(t[2]) * anchor[0]));
      out.push_back(float(4 * sigmoid(t[3]) * sigmoid(t[3]) * anchor[1]));
      for (size_t i = 4; i < values; ++i) out.push_back(float(sigmoid(t[i])));
    }
  }
  return out;
}

inline double overlap(const Box& a, const Box& b) {
  const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const double both = std::max(w, 0.0) * std::max(h, 0.0);
  return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both);
}

// What remains of the rows, cut to the picture: the plain textbook. A row's class is its best, or with `multi_label`
// every one that is sure enough.
inline std::vector<Box> suppress(const std::vector<float>& rows, size_t classes, double confidence, double iou,
                                 double width, double height, bool multi_label = false) {
  std::vector<Box> all, kept;
  for (size_t i = 0; i < rows.size(); i += 5 + classes) {
    const float* r = &rows[i];
    const auto best = std::max_element(r + 5, r + 5 + classes) - (r + 5);
    for (ptrdiff_t label = 0; label < ptrdiff_t(classes); ++label) {
      const float score = r[4] * r[5 + label];
      if ((multi_label || label == best) && double(score) > confidence)
        all.push_back({r[0] - r[2] / 2, r[1] - r[3] / 2, r[0] + r[2] / 2, r[1] + r[3] / 2, score, int(label)});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Box& a, const Box& b) { return a.score > b.score; });
  for (const Box& b : all) {
    if (std::ranges::none_of(kept, [&](const Box& k) { return k.label == b.label && overlap(k, b) > iou; }))
      kept.push_back(b);
  }
  for (Box& b : kept) {
    b = {std::clamp(b.x1, 0.0, width),
         std::clamp(b.y1, 0.0, height),
         std::clamp(b.x2, 0.0, width),
         std::clamp(b.y2, 0.0, height),
         b.score,
         b.label};
  }
  return kept;
}

inline void expect_same(const json& found, const std::vector<Box>& wanted) {
  ASSERT_EQ(found.at("boxes").size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double corners[] = {wanted[i].x1, wanted[i].y1, wanted[i].x2, wanted[i].y2};
    for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(found["boxes"][i][k].get<double>(), corners[k], 2e-3) << i;
    EXPECT_NEAR(found["scores"][i].get<double>(), wanted[i].score, 1e-5) << i;
    EXPECT_EQ(found["labels"][i].get<int>(), wanted[i].label) << i;
  }
}

// 1 x 3 x rows x cols bytes as a picture.
inline Image picture_of(const NpyArray& planes) {
  Image image(int(planes.shape[2]), int(planes.shape[3]));
  const size_t plane = image.rgb.size() / 3;
  for (size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = std::to_integer<uint8_t>(planes.bytes[i % 3 * plane + i / 3]);
  return image;
}

inline NpyArray noise(uint32_t seed, int64_t rows = 64, int64_t columns = 96) {
  std::mt19937 random(seed);
  NpyArray planes{NpyType::u8, {1, 3, rows, columns}, std::vector<std::byte>(size_t(3 * rows * columns))};
  for (std::byte& b : planes.bytes) b = std::byte(random() >> 24);
  return planes;
}

class Detect : public Program {
 protected:
  json detect(const std::string& arguments) const {
    const Outcome o = sparsec("detect " + arguments + " --json");
    EXPECT_EQ(o.code, 0) << o.err;
    return json::parse(o.out);
  }

  // Rows that `run` gives for the picture.
  std::vector<float> rows(const std::string& model, const NpyArray& planes, bool bytes,
                          const Anchors& anchors = kAnchors) const {
    write_npy(folder_ / "x.npy", bytes ? planes : as_float(planes));
    const Outcome o = sparsec("run '" + model + "' --input x.npy --output y.npz");
    EXPECT_EQ(o.code, 0) << o.err;
    const std::vector<NamedArray> outputs = read_npz((folder_ / "y.npz").string());
    return outputs.size() == 1 ? floats(outputs[0].array) : decode(outputs, anchors);
  }
};

inline std::vector<double> sorted_scores(const std::vector<float>& rows) {
  std::vector<double> scores;
  for (size_t i = 0; i < rows.size(); i += 8)
    scores.push_back(rows[i + 4] * std::max({rows[i + 5], rows[i + 6], rows[i + 7]}));
  std::ranges::sort(scores);
  return scores;
}

// A confidence that this share of the rows of three classes does not reach, between two scores.
inline double score_at(const std::vector<float>& rows, double share) {
  const std::vector<double> scores = sorted_scores(rows);
  const auto at = size_t(share * double(scores.size()));
  return (scores[at - 1] + scores[at]) / 2;
}

// One that about this share does not reach, where many scores are equal: within the widest gap.
inline double score_near(const std::vector<float>& rows, double share) {
  const std::vector<double> scores = sorted_scores(rows);
  auto widest = size_t((share - 0.1) * double(scores.size()));
  for (size_t at = widest; at < size_t((share + 0.1) * double(scores.size())); ++at)
    if (scores[at] - scores[at - 1] > scores[widest] - scores[widest - 1]) widest = at;
  return (scores[widest - 1] + scores[widest]) / 2;
}

}  // namespace sparsec::cli
