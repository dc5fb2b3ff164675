// Suppression against values worked out by hand, and the choice of candidates against a plain sort.
#include "runtime/core/nms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "runtime/core/geometry.h"
#include "runtime/core/head.h"
#include "runtime/core/numerics.h"

namespace {

using namespace sparsec::rt;

std::vector<Candidate> suppressed(const std::vector<Candidate>& boxes, float iou, bool agnostic = false,
                                  int32_t most = 300) {
  std::vector<Candidate> memory(boxes.size());
  Candidates found(memory.data(), int32_t(memory.size()));
  for (const Candidate& c : boxes) found.add(c.x1, c.y1, c.x2, c.y2, c.score, c.label);
  found.sort();
  memory.resize(size_t(suppress(found.items(), found.size(), iou, agnostic, most)));
  return memory;
}
std::vector<float> scores(const std::vector<Candidate>& v) {
  std::vector<float> s;
  for (const Candidate& c : v) s.push_back(c.score);
  return s;
}

TEST(Nms, DropsTheLesserOfTwoThatOverlapTooMuch) {
  // 10x10 boxes shifted by 4: overlap 60 of 140, IoU 0.4286; by 3: 70 of 130, 0.538.
  const std::vector<Candidate> boxes{
      {0, 0, 10, 10, 0.6f, 0, 0}, {3, 0, 13, 10, 0.9f, 0, 0}, {7, 0, 17, 10, 0.8f, 0, 0}};
  EXPECT_EQ(scores(suppressed(boxes, 0.45f)), (std::vector<float>{0.9f, 0.8f}));
  EXPECT_EQ(scores(suppressed(boxes, 0.40f)), (std::vector<float>{0.9f}));
  EXPECT_EQ(scores(suppressed(boxes, 0.60f)), (std::vector<float>{0.9f, 0.8f, 0.6f}));
}

TEST(Nms, ExactlyTheThresholdIsKept) {
  // 10x10 and its 10x5 half: IoU exactly 0.5.
  const std::vector<Candidate> boxes{{0, 0, 10, 10, 0.9f, 0, 0}, {0, 0, 10, 5, 0.8f, 0, 0}};
  EXPECT_EQ(suppressed(boxes, 0.5f).size(), 2u);
  EXPECT_EQ(suppressed(boxes, 0.4999f).size(), 1u);
}

TEST(Nms, ASuppressedBoxSuppressesNothing) {
  // b overlaps a and c; c does not overlap a.
  const std::vector<Candidate> boxes{
      {0, 0, 10, 10, 0.9f, 0, 0}, {3, 0, 13, 10, 0.8f, 0, 0}, {6, 0, 16, 10, 0.7f, 0, 0}};
  EXPECT_EQ(scores(suppressed(boxes, 0.45f)), (std::vector<float>{0.9f, 0.7f}));
}

TEST(Nms, ClassesAreApartUnlessAgnostic) {
  const std::vector<Candidate> boxes{{0, 0, 10, 10, 0.9f, 3, 0}, {0, 0, 10, 10, 0.8f, 4, 0}};
  EXPECT_EQ(suppressed(boxes, 0.45f).size(), 2u);
  EXPECT_EQ(suppressed(boxes, 0.45f, true).size(), 1u);
}

TEST(Nms, KeepsTheEarlierOfEqualsAndNoMoreThanAsked) {
  const std::vector<Candidate> boxes{
      {0, 0, 10, 10, 0.5f, 0, 0}, {1, 0, 11, 10, 0.5f, 0, 0}, {50, 0, 60, 10, 0.5f, 0, 0}};
  const auto kept = suppressed(boxes, 0.45f);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].x1, 0);
  EXPECT_EQ(kept[1].x1, 50);
  EXPECT_EQ(suppressed(boxes, 0.45f, false, 1).size(), 1u);
  EXPECT_EQ(suppressed(boxes, 0.45f, false, 0).size(), 0u);
}

TEST(Nms, BoxesWithoutAreaDoNotSuppress) {
  const std::vector<Candidate> boxes{{5, 5, 5, 5, 0.9f, 0, 0}, {5, 5, 5, 5, 0.8f, 0, 0}};
  EXPECT_EQ(suppressed(boxes, 0.45f).size(), 2u);  // 0/0 is not above the threshold
}

TEST(Candidates, AreTheBestOfAllInOrder) {
  std::mt19937 random(5);
  for (int capacity : {0, 1, 2, 3, 10, 100, 1000}) {
    for (int n : {0, 1, 2, 50, 100, 101, 700}) {
      std::vector<Candidate> memory(static_cast<size_t>(capacity));
      Candidates found(memory.data(), capacity);
      std::vector<std::pair<float, int>> all;
      for (int i = 0; i < n; ++i) {
        const float score = float(random() % 40) / 40;  // many equals
        all.push_back({-score, i});
        found.add(0, 0, 1, 1, score, i);
      }
      std::sort(all.begin(), all.end());
      found.sort();
      ASSERT_EQ(found.size(), std::min(n, capacity));
      for (int i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found.items()[i].label, all[size_t(i)].second);
        ASSERT_EQ(found.items()[i].score, -all[size_t(i)].first);
      }
    }
  }
}

TEST(Candidates, AreTheSameFromPlanesAndFromDecodedRows) {
  std::mt19937 random(6);
  std::uniform_real_distribution<float> any(0, 1);
  constexpr int kClasses = 4, kChannels = 5 + kClasses, kRows = 5, kColumns = 7, kAnchors = 2;
  sparsec_head head{};
  head.levels = 1;
  head.classes = kClasses;
  head.sigmoid_done = 1;
  head.level[0] = {{}, 4 * kRows * kColumns, 4 * kColumns, 4, kRows, kColumns, kAnchors,
                   8,  {{10, 20}, {30, 15}}, {},           0, 0,     0,        0};
  std::vector<float> planes(kAnchors * kChannels * kRows * kColumns), decoded;
  for (auto& v : planes) v = any(random);
  for (int a = 0; a < kAnchors; ++a) {
    for (int y = 0; y < kRows; ++y) {
      for (int x = 0; x < kColumns; ++x) {
        const auto p = [&](int c) { return planes[size_t(((a * kChannels + c) * kRows + y) * kColumns + x)]; };
        decoded.push_back((p(0) * 2 - 0.5f + float(x)) * 8);
        decoded.push_back((p(1) * 2 - 0.5f + float(y)) * 8);
        decoded.push_back((p(2) * 2) * (p(2) * 2) * head.level[0].anchor[a][0]);
        decoded.push_back((p(3) * 2) * (p(3) * 2) * head.level[0].anchor[a][1]);
        for (int c = 4; c < kChannels; ++c) decoded.push_back(p(c));
      }
    }
  }
  ASSERT_EQ(boxes_of(head), kAnchors * kRows * kColumns);
  const LevelPlanes bases = level_planes(head, 0, reinterpret_cast<const char*>(planes.data()), nullptr);
  for (bool multi_label : {false, true}) {
    std::vector<Candidate> a(1000), b(1000);
    Candidates from_planes(a.data(), 1000), from_rows(b.data(), 1000);
    find_candidates(head, 0, bases, 0.4f, multi_label, from_planes);
    find_candidates(decoded.data(), boxes_of(head), kClasses, 0.4f, multi_label, from_rows);
    ASSERT_GT(from_planes.size(), 5);
    ASSERT_EQ(from_planes.size(), from_rows.size());
    for (int i = 0; i < from_planes.size(); ++i) {
      EXPECT_EQ(a[size_t(i)].x1, b[size_t(i)].x1);
      EXPECT_EQ(a[size_t(i)].y2, b[size_t(i)].y2);
      EXPECT_EQ(a[size_t(i)].score, b[size_t(i)].score);
      EXPECT_EQ(a[size_t(i)].label, b[size_t(i)].label);
      EXPECT_GT(a[size_t(i)].score, 0.4f);
    }
  }
}

// Logits beside the bound, and far from it: the same boxes as with every sigmoid computed.
TEST(Candidates, AreThoseWhoseProbabilityPasses) {
  std::mt19937 random(8);
  constexpr int kColumns = 97, kRows = 3, kChannels = 6;
  for (const float confidence : {0.0f, 1e-30f, 0.001f, 0.1f, 0.25f, 0.5f, 0.9f, 0.999f, 0.9999999f, 1.0f}) {
    sparsec_head head{};
    head.levels = 1;
    head.classes = 1;
    head.level[0] = {{}, 4 * kRows * kColumns, 4 * kColumns, 4, kRows, kColumns, 1, 8, {{10, 20}}, {}, 0, 0, 0, 0};
    const float c = std::fmin(std::fmax(confidence, 1e-30f), 1 - 1e-7f), bound = std::log(c / (1 - c));
    std::vector<float> planes(kChannels * kRows * kColumns, 88.0f);
    float* objectness = &planes[4 * kRows * kColumns];
    for (int i = 0; i < kRows * kColumns; ++i) {
      objectness[i] = i % 3 == 0   ? bound + std::ldexp(float(int(random() % 4001) - 2000), -24)
                      : i % 3 == 1 ? bound + float(int(random() % 4001) - 2000) / 1e5f
                                   : float(int(random() % 4001) - 2000) / 10;
    }
    objectness[5] = std::numeric_limits<float>::quiet_NaN();
    std::vector<Candidate> memory(kRows * kColumns);
    Candidates found(memory.data(), kRows * kColumns);
    const LevelPlanes bases = level_planes(head, 0, reinterpret_cast<const char*>(planes.data()), nullptr);
    find_candidates(head, 0, bases, confidence, false, found);
    std::vector<float> expected;
    for (int i = 0; i < kRows * kColumns; ++i) {
      const float p = sparsec::numerics::sigmoid(objectness[i]), score = sparsec::numerics::sigmoid(88.0f) * p;
      if (!std::isnan(objectness[i]) && p > confidence && score > confidence) expected.push_back(score);
    }
    ASSERT_EQ(size_t(found.size()), expected.size()) << confidence;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto same = [i](const Candidate& x) { return x.order == i; };
      EXPECT_EQ(std::find_if(memory.begin(), memory.begin() + found.size(), same)->score, expected[i]);
    }
    if (confidence <= 0.5f) {
      EXPECT_GT(expected.size(), 50u);
    }
  }
}

TEST(Geometry, RoundsAsYolov5Does) {
  const Geometry wide = fit(720, 1280, 640, 640);  // r = 0.5
  EXPECT_EQ(wide.inner_rows, 360);
  EXPECT_EQ(wide.inner_columns, 640);
  EXPECT_EQ(wide.top, 140);
  EXPECT_EQ(wide.left, 0);
  const Geometry odd = fit(427, 640, 640, 640);  // 213 rows over: 106.5 - 0.1 above
  EXPECT_EQ(odd.inner_rows, 427);
  EXPECT_EQ(odd.top, 106);
  const Geometry tall = fit(1080, 810, 640, 640);  // r = 0.5926, 480 columns
  EXPECT_EQ(tall.inner_columns, 480);
  EXPECT_EQ(tall.left, 80);
  const Geometry half = fit(5, 2, 10, 5);  // 2 * 2 = 4: round((5 - 4) / 2 - 0.1) = 0
  EXPECT_EQ(half.left, 0);
  const Geometry sliver = fit(100000, 1, 640, 640);
  EXPECT_EQ(sliver.inner_columns, 1);
  EXPECT_EQ(sliver.inner_rows, 640);
}

}  // namespace
