// Detection: letterbox, the network as far as the head, candidates, suppression, boxes back to the picture.
#include <cstring>

#include "runtime/core/context.h"
#include "runtime/core/head.h"
#include "runtime/core/letterbox.h"
#include "runtime/core/text.h"
#include "runtime/core/use.h"

namespace sparsec::rt {
namespace {

constexpr sparsec_rt_detect_options kDefaults{sizeof(sparsec_rt_detect_options), 0.25f, 0.45f, 300, 0, 0};

struct Letterboxing {
  sparsec_rt_context* context;
  Letterbox letterbox;
};

void letterbox_share(void* argument, int thread) {
  const auto& job = *static_cast<const Letterboxing*>(argument);
  const Share share = share_of(job.letterbox.geometry.net_rows, thread, job.context->pool.threads());
  letterbox_rows(job.letterbox, int32_t(share.begin), int32_t(share.end), thread, job.context->letterbox);
}

void fill_input(sparsec_rt_context& c, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& geometry) {
  const sparsec_head& head = c.program->head;
  Letterboxing job{&c, {}};
  letterbox_begin(job.letterbox, rgb, row_bytes, geometry, head.input_type, head.input_scale, c.input, c.letterbox);
  c.pool.run(letterbox_share, &job);
}

const char* planes_of(const sparsec_rt_context& c, const sparsec_pointer& where) {
  const char* base = where.space == SPARSEC_OUTPUT ? static_cast<const char*>(c.outputs[where.index]) : c.arena;
  return base + where.offset;
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

}  // namespace

}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" int32_t sparsec_rt_detect(sparsec_rt_context* context, const uint8_t* rgb, int32_t rows, int32_t columns,
                                     ptrdiff_t row_bytes, const sparsec_rt_detect_options* given,
                                     sparsec_rt_detection* detections, int32_t capacity) {
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
  fill_input(*context, rgb, row_bytes, geometry);
  const void* const inputs[] = {context->input};
  run_entries(*context, inputs, context->outputs, 0, 1, 0, head.detect_schedule);

  const char* planes[SPARSEC_MAX_LEVELS];
  for (uint32_t i = 0; i < head.levels; ++i) planes[i] = planes_of(*context, head.level[i].where);
  Candidates found(context->candidates, candidate_capacity(head));
  find_candidates(head, planes, o.confidence, o.multi_label != 0, found);
  found.sort();
  const int32_t most = o.max_detections < capacity ? o.max_detections : capacity;
  const int32_t n = suppress(found.items(), found.size(), o.iou, o.agnostic != 0, most);
  write_detections(found.items(), n, geometry, detections);
  return n;
}
