// Only objectness is looked at everywhere, a row at a time; the other channels only where it passes. Where the planes
// hold logits, a bound on the logit (sigmoid grows with it) spares most sigmoids.
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

// A logit at or below which sigmoid is surely not above `confidence`: 0.01 below one that is not, so that exp(-t) is 1%
// larger. Its error is a millionth, and 1 + x and 1 / x round monotonously. Sigmoid is constant from -87 down.
float hopeless_logit(float confidence) {
  float low = -87.0f, high = 87.0f;
  if (numerics::sigmoid(low) > confidence) return -__builtin_inff();
  for (int i = 0; i < 40; ++i) {
    const float middle = (low + high) / 2;
    (numerics::sigmoid(middle) > confidence ? high : low) = middle;
  }
  return low - 0.01f;
}

// Whether any of a row is above `least`; without a branch in the loop, so that it is vectors.
bool any_above(const char* row, int64_t stride, int32_t columns, float least) {
  uint32_t any = 0;
  if (stride == 4) {
    for (int32_t x = 0; x < columns; ++x) any |= uint32_t(load<float>(row + 4 * int64_t(x)) > least);
  } else {
    for (int32_t x = 0; x < columns; ++x) any |= uint32_t(load<float>(row + stride * x) > least);
  }
  return any != 0;
}

}  // namespace

int64_t boxes_of(const sparsec_head& head) {
  int64_t n = 0;
  for (uint32_t i = 0; i < head.levels; ++i) {
    const sparsec_level& level = head.level[i];
    n += level.anchors > 0 ? int64_t(level.anchors) * level.rows * level.columns : level.rows;
  }
  return n;
}

LevelPlanes level_planes(const sparsec_head& head, uint32_t i, const char* where, const char* objectness,
                         Strips strips) {
  const sparsec_level& level = head.level[i];
  const int32_t rows = level.rows / strips.count;
  if (level.cells_per_tile > 0) return {where, objectness, level.objectness_stride, strips, rows};
  return {where, where + 4 * level.plane_stride, level.plane_stride * int64_t(5 + head.classes), strips, rows};
}

float least_objectness(const sparsec_head& head, float confidence) {
  return head.sigmoid_done ? confidence : hopeless_logit(confidence);
}

void find_candidates(const sparsec_head& head, uint32_t i, const LevelPlanes& planes, float confidence,
                     bool multi_label, Candidates& found) {
  const int32_t classes = int32_t(head.classes);
  const sparsec_level& level = head.level[i];
  if (level.anchors == 0) {
    const auto* rows = reinterpret_cast<const float*>(planes.planes);
    return find_candidates(rows, level.rows, classes, confidence, multi_label, found);
  }
  const bool several = multi_label && classes > 1;
  const float least = least_objectness(head, confidence);
  const auto probability = [&head](float t) { return head.sigmoid_done ? t : numerics::sigmoid(t); };
  for (int32_t a = 0; a < level.anchors; ++a) {
    const char* anchor = planes.planes + level.plane_stride * (a * int64_t(5 + classes));
    for (int32_t y = 0; y < level.rows; ++y) {
      const char* objectnesses = planes.objectness + planes.objectness_stride * a + planes.row(level, y);
      if (!any_above(objectnesses, level.column_stride, level.columns, least)) continue;
      for (int32_t x = 0; x < level.columns; ++x) {
        const float t = load<float>(objectnesses + level.column_stride * x);
        if (!(t > least)) continue;
        const float objectness = probability(t);
        if (!(objectness > confidence)) continue;
        const char* cell = anchor + planes.row(level, y) + level.column_stride * x;
        const auto p = [&](int32_t c) { return probability(load<float>(cell + level.plane_stride * c)); };
        const float w = p(2) * 2.0f, h = p(3) * 2.0f;
        const Row row{(p(0) * 2.0f - 0.5f + float(x)) * level.stride, (p(1) * 2.0f - 0.5f + float(y)) * level.stride,
                      w * w * level.anchor[a][0], h * h * level.anchor[a][1], objectness};
        add_box(row, classes, confidence, several, [&](int32_t c) { return p(5 + c); }, found);
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
