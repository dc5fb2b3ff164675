// What a context needs memory for: itself, the arena, and, for detection, the network's input and the outputs as far as
// it touches them, the letterbox's rows, the lazy head's marks and the candidates.
#include "runtime/core/context.h"
#include "runtime/core/head.h"
#include "runtime/core/lazy_head.h"
#include "runtime/core/letterbox.h"
#include "runtime/core/run.h"

namespace sparsec::rt {

int64_t tensor_bytes(const sparsec_tensor& tensor) {
  static constexpr int64_t kBytes[] = {4, 1, 1, 4, 8};
  int64_t n = kBytes[tensor.type];
  for (uint32_t i = 0; i < tensor.rank; ++i) n *= tensor.shape[i];
  return n;
}

int32_t candidate_capacity(const sparsec_head& head) {
  const int64_t most = boxes_of(head) * head.classes;
  return int32_t(most < kMostCandidates ? most : kMostCandidates);
}

bool detection_touches(const sparsec_program& program, sparsec_space space, uint32_t index) {
  const auto is_it = [=](const sparsec_pointer& p) { return p.space == uint32_t(space) && p.index == index; };
  const sparsec_head& head = program.head;
  for (uint32_t i = 0; i < head.levels; ++i) {
    if (is_it(head.level[i].where)) return true;
  }
  for (uint32_t e = 0; e < head.n_detect_schedule; ++e) {
    const sparsec_step& step = program.steps[head.detect_schedule[e].step];
    for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
      const sparsec_call& call = program.calls[c];
      for (uint32_t p = call.first_pointer; p < call.first_pointer + call.pointers; ++p) {
        if (is_it(program.pointers[p])) return true;
      }
    }
  }
  return false;
}

// No cache line belongs to two threads, and no page of a block that begins on one.
constexpr size_t kPage = 4096;
size_t whole_pages(uint64_t bytes) { return (size_t(bytes) + kPage - 1) & ~(kPage - 1); }

Layout layout_of(const sparsec_model& model, const sparsec_program& program, int threads) {
  Layout l{};
  size_t used = 0;
  const auto take = [&used](uint64_t bytes) {
    const size_t at = used;
    used += (size_t(bytes) + 63) & ~size_t{63};
    return at;
  };
  take(sizeof(sparsec_rt_context));
  l.arenas = pictures_alone(model.batch, threads) > 0 ? size_t(threads) : 1;
  const uint64_t arena = program.arena_bytes * uint64_t(strips_of(program));
  l.arena_stride = l.arenas > 1 ? whole_pages(arena) : arena;
  if (l.arenas > 1 || strips_of(program) > 1) used = whole_pages(used);
  l.arena = take(l.arena_stride * l.arenas);
  if (program.head.levels > 0) {
    if (detection_touches(program, SPARSEC_INPUT, 0)) l.input = take(uint64_t(picture_bytes(model, model.inputs[0])));
    l.output_pointers = take(sizeof(void*) * model.n_outputs);
    l.outputs = used;
    for (uint32_t i = 0; i < model.n_outputs; ++i) {
      if (detection_touches(program, SPARSEC_OUTPUT, i)) take(uint64_t(picture_bytes(model, model.outputs[i])));
    }
    l.pictures = take(sizeof(Picture) * size_t(threads));
    l.letterbox = take(letterbox_scratch_bytes(program.head.input_columns, threads));
    l.tiles = take(lazy_tiles(program.head, strips_of(program)));
    l.candidates = take(sizeof(Candidate) * size_t(candidate_capacity(program.head)));
  }
  l.total = used;
  return l;
}

}  // namespace sparsec::rt
