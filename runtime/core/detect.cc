// Detection: letterbox and network by one schedule, with a stop at each level of the head for what is missing of it and
// its candidates; then suppression, and boxes back to the picture.
#include <cstring>

#include "runtime/core/lazy_head.h"
#include "runtime/core/letterbox.h"
#include "runtime/core/run.h"
#include "runtime/core/text.h"
#include "runtime/core/use.h"

namespace sparsec::rt {
namespace {

constexpr sparsec_rt_detect_options kDefaults{sizeof(sparsec_rt_detect_options), 0.25f, 0.45f, 300, 0, 0};

const char* planes_of(const sparsec_rt_context& c, const sparsec_pointer& where) {
  const char* base = where.space == SPARSEC_OUTPUT ? static_cast<const char*>(c.outputs[where.index]) : c.arena;
  return base + where.offset;
}

// The same as strips of the picture.
Strips strips_at(const sparsec_rt_context& c, const sparsec_pointer& where) {
  const int64_t arena = where.space == SPARSEC_OUTPUT ? 0 : int64_t(c.program->arena_bytes);
  return {strips_of(*c.program), arena + where.strip};
}

// Candidates in the network's pixels to detections in the picture's.
void write_detections(const Candidate* items, int32_t n, const Geometry& g, sparsec_rt_detection* out) {
  const auto x = [&g](float v) { return within_picture((v - g.pad_x) / g.gain, g.columns); };
  const auto y = [&g](float v) { return within_picture((v - g.pad_y) / g.gain, g.rows); };
  for (int32_t i = 0; i < n; ++i) {
    const Candidate& c = items[i];
    out[i] = {x(c.x1), y(c.y1), x(c.x2), y(c.y2), c.score, c.label};
  }
}

// From a picture to at most `most` detections; `times` may be null.
int32_t find_objects(sparsec_rt_context& c, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& geometry,
                     const sparsec_rt_detect_options& o, sparsec_rt_detection* detections, int32_t most,
                     sparsec_rt_detect_times* times) {
  const sparsec_head& head = c.program->head;
  const int64_t start = times ? now_ns() : 0;
  letterbox_begin(c.pictures, c.pool.threads(), rgb, row_bytes, geometry, c.letterbox);
  int64_t letterbox_ns = times ? now_ns() - start : 0, head_ns = 0;
  const void* const inputs[] = {c.input};
  Walk walk{&c, inputs, c.outputs, 0, 1, head.detect_schedule, head.detect_schedule, c.caches};
  if (times != nullptr) walk.letterbox_ns = &letterbox_ns;
  Candidates found(c.candidates, candidate_capacity(head));
  for (uint32_t i = 0; i < head.levels; ++i) {
    const sparsec_level& level = head.level[i];
    walk.first = walk.last;
    walk.last = head.detect_schedule + level.ready;
    if (walk.first != walk.last) run_walk(walk);
    const LevelPlanes planes =
        level_planes(head, i, planes_of(c, level.where), planes_of(c, level.objectness), strips_at(c, level.where));
    complete_level(walk, level, planes, least_objectness(head, o.confidence));
    const int64_t completed = times ? now_ns() : 0;
    find_candidates(head, i, planes, o.confidence, o.multi_label != 0, found);
    if (times != nullptr) head_ns += now_ns() - completed;
  }
  const int64_t last = times ? now_ns() : 0;
  found.sort();
  const int32_t n = suppress(found.items(), found.size(), o.iou, o.agnostic != 0, most);
  write_detections(found.items(), n, geometry, detections);
  if (times != nullptr) {
    times->letterbox_ns = letterbox_ns;
    times->network_ns = last - start - letterbox_ns - head_ns;
    times->head_ns = head_ns + now_ns() - last;
  }
  return n;
}

}  // namespace

}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" {

int32_t sparsec_rt_detect(sparsec_rt_context* context, const uint8_t* rgb, int32_t rows, int32_t columns,
                          ptrdiff_t row_bytes, const sparsec_rt_detect_options* given, sparsec_rt_detection* detections,
                          int32_t capacity) {
  return sparsec_rt_detect_timed(context, rgb, rows, columns, row_bytes, given, detections, capacity, nullptr);
}

int32_t sparsec_rt_detect_timed(sparsec_rt_context* context, const uint8_t* rgb, int32_t rows, int32_t columns,
                                ptrdiff_t row_bytes, const sparsec_rt_detect_options* given,
                                sparsec_rt_detection* detections, int32_t capacity, sparsec_rt_detect_times* times) {
  if (context == nullptr) return SPARSEC_BAD_ARGUMENT;
  const Use use(*context);
  if (!use) return SPARSEC_BUSY;
  const sparsec_head& head = context->program->head;
  if (head.levels == 0)
    return use.fail(SPARSEC_NOT_A_DETECTOR, "the model has no detection head that sparsec knows; use run");

  sparsec_rt_detect_options o = kDefaults;
  if (given != nullptr) {
    if (given->struct_bytes < sizeof given->struct_bytes)
      return use.fail(SPARSEC_BAD_VERSION, "detect options: struct_bytes is not set");
    memcpy(&o, given, given->struct_bytes < sizeof o ? given->struct_bytes : sizeof o);
  }
  if (!(o.confidence >= 0 && o.confidence <= 1))
    return use.fail(SPARSEC_BAD_ARGUMENT, "confidence must be within 0 and 1");
  if (!(o.iou >= 0 && o.iou <= 1)) return use.fail(SPARSEC_BAD_ARGUMENT, "iou must be within 0 and 1");
  if (o.max_detections < 0) return use.fail(SPARSEC_BAD_ARGUMENT, "max_detections is negative");
  if (capacity < 0 || (capacity > 0 && detections == nullptr))
    return use.fail(SPARSEC_BAD_ARGUMENT, "no room for detections");
  if (rgb == nullptr) return use.fail(SPARSEC_BAD_ARGUMENT, "the picture is null");
  if (rows < 1 || columns < 1 || rows > kMostPixels || columns > kMostPixels) {
    return use.fail(SPARSEC_BAD_ARGUMENT, "the picture's sides must be 1 to 1048576 pixels");
  }
  if ((row_bytes < 0 ? -row_bytes : row_bytes) < ptrdiff_t(columns) * 3) {
    return use.fail(SPARSEC_BAD_ARGUMENT, "row_bytes is less than 3 bytes for each column");
  }

  const Geometry geometry = fit(rows, columns, head.input_rows, head.input_columns);
  const int32_t most = o.max_detections < capacity ? o.max_detections : capacity;
  return find_objects(*context, rgb, row_bytes, geometry, o, detections, most, times);
}

}  // extern "C"
