// Only objectness is looked at everywhere; the other channels only where it passes. Where the planes hold logits, a
// bound on the logit (sigmoid grows with it) spares most sigmoids.
#include "runtime/core/head.h"

#include "runtime/core/nest.h"
#include "runtime/core/numerics.h"

namespace sparsec::rt {
namespace {

struct Row {  // a box's centre, size and objectness
  float x, y, w, h, objectness;
};

// Adds the box once for its best class, or once for each class that passes. score_of(c): the class's own score.
template <class ScoreOf>
void add_box(const Row& row, int32_t classes, float confidence, bool multi_label, const ScoreOf& score_of,
             Candidates& found) {
  const float x1 = row.x - row.w / 2, y1 = row.y - row.h / 2, x2 = row.x + row.w / 2, y2 = row.y + row.h / 2;
  float best = -1;
  int32_t label = 0;
  for (int32_t c = 0; c < classes; ++c) {
    const float score = score_of(c) * row.objectness;
    if (multi_label && score > confidence) found.add(x1, y1, x2, y2, score, c);
    if (score > best) {
      best = score;
      label = c;
    }
  }
  if (!multi_label && best > confidence) found.add(x1, y1, x2, y2, best, label);
}

// A logit that is surely too low for `confidence`: below the least t with sigmoid(t) > confidence, by a margin far
// above exp's error.
float hopeless_logit(float confidence) {
  float low = -87.0f, high = 87.0f;
  for (int i = 0; i < 40; ++i) {
    const float middle = (low + high) / 2;
    (numerics::sigmoid(middle) > confidence ? high : low) = middle;
  }
  return low - 0.01f;
}

}  // namespace

int64_t boxes_of(const sparsec_head& head) {
  int64_t n = 0;
  for (uint32_t i = 0; i < head.levels; ++i) {
    n += int64_t(head.level[i].anchors) * head.level[i].rows * head.level[i].columns;
  }
  return n;
}

void find_candidates(const sparsec_head& head, const char* const* planes, float confidence, bool multi_label,
                     Candidates& found) {
  const int32_t classes = int32_t(head.classes);
  const bool several = multi_label && classes > 1;
  const float least = head.sigmoid_done ? confidence : hopeless_logit(confidence);
  const auto probability = [&head](float t) { return head.sigmoid_done ? t : numerics::sigmoid(t); };
  for (uint32_t i = 0; i < head.levels; ++i) {
    const sparsec_level& level = head.level[i];
    for (int32_t a = 0; a < level.anchors; ++a) {
      const char* anchor = planes[i] + level.plane_stride * (a * int64_t(5 + classes));
      for (int32_t y = 0; y < level.rows; ++y) {
        for (int32_t x = 0; x < level.columns; ++x) {
          const char* cell = anchor + level.row_stride * y + level.column_stride * x;
          const auto p = [&](int32_t c) { return probability(load<float>(cell + level.plane_stride * c)); };
          if (!(load<float>(cell + level.plane_stride * 4) > least)) continue;
          const float objectness = p(4);
          if (!(objectness > confidence)) continue;
          const float w = p(2) * 2.0f, h = p(3) * 2.0f;
          const Row row{(p(0) * 2.0f - 0.5f + float(x)) * level.stride, (p(1) * 2.0f - 0.5f + float(y)) * level.stride,
                        w * w * level.anchor[a][0], h * h * level.anchor[a][1], objectness};
          add_box(row, classes, confidence, several, [&](int32_t c) { return p(5 + c); }, found);
        }
      }
    }
  }
}

void find_candidates(const float* decoded, int64_t boxes, int32_t classes, float confidence, bool multi_label,
                     Candidates& found) {
  for (int64_t i = 0; i < boxes; ++i) {
    const float* r = decoded + i * (5 + classes);
    if (!(r[4] > confidence)) continue;
    add_box(
        {r[0], r[1], r[2], r[3], r[4]}, classes, confidence, multi_label && classes > 1,
        [r](int32_t c) { return r[5 + c]; }, found);
  }
}

}  // namespace sparsec::rt
