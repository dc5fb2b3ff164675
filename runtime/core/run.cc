// The schedule, walked by every thread at once: each takes its share of an entry's tiles (or calls), and all meet where
// an entry asks for it.
#include "runtime/core/context.h"

namespace sparsec::rt {
namespace {

struct Walk {
  sparsec_rt_context* context;
  const void* const* inputs;
  void* const* outputs;
  uint32_t first_picture, pictures, first, last;
};

// Where a pointer of a call starts, for one picture.
const char* resolve(const Walk& w, uint32_t picture, const sparsec_pointer& p) {
  const sparsec_model& model = *w.context->model;
  const char* base = nullptr;
  switch (p.space) {
    case SPARSEC_ARENA:
      base = w.context->arena;
      break;
    case SPARSEC_CONSTANTS:
      base = reinterpret_cast<const char*>(w.context->program->constants);
      break;
    case SPARSEC_INPUT:
      base = static_cast<const char*>(w.inputs[p.index]) + picture * picture_bytes(model, model.inputs[p.index]);
      break;
    case SPARSEC_OUTPUT:
      base = static_cast<const char*>(w.outputs[p.index]) + picture * picture_bytes(model, model.outputs[p.index]);
      break;
  }
  return base + p.offset;
}

void run_call(const Walk& w, uint32_t picture, const sparsec_call& call, int64_t begin, int64_t end) {
  const void* pointers[2 * SPARSEC_MAX_POINTERS];
  for (uint32_t i = 0; i < call.pointers; ++i) {
    const sparsec_pointer& p = w.context->program->pointers[call.first_pointer + i];
    pointers[i] = resolve(w, picture, p) + p.stride * begin;
    pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(intptr_t(p.stride));
  }
  call.kernel(pointers, end - begin);
}

void run_entry(const Walk& w, uint32_t picture, const sparsec_work& work, int thread, int threads) {
  const sparsec_program& program = *w.context->program;
  const sparsec_step& step = program.steps[work.step];
  const sparsec_call* calls = program.calls + step.first_call;
  if (step.split == 0) {
    const Share share = share_of(work.end - work.begin, thread, threads);
    if (share.begin == share.end) return;
    for (uint32_t c = 0; c < step.calls; ++c)
      run_call(w, picture, calls[c], work.begin + share.begin, work.begin + share.end);
  } else {
    for (uint32_t c = 0; c < step.calls; ++c)
      if (c / step.split % uint32_t(threads) == uint32_t(thread)) run_call(w, picture, calls[c], work.begin, work.end);
  }
}

void walk_schedule(void* argument, int thread) {
  const Walk& w = *static_cast<const Walk*>(argument);
  Pool& pool = w.context->pool;
  const sparsec_work* schedule = w.context->program->schedule;
  for (uint32_t picture = 0; picture < w.pictures; ++picture) {
    for (uint32_t e = w.first; e < w.last; ++e) {
      run_entry(w, w.first_picture + picture, schedule[e], thread, pool.threads());
      // The next picture uses the arena anew. The pool itself waits for the end of the last.
      const bool last_entry = e + 1 == w.last, last_picture = picture + 1 == w.pictures;
      if (last_entry ? !last_picture : schedule[e].barrier != 0) pool.barrier();
    }
  }
}

}  // namespace

void run_entries(sparsec_rt_context& context, const void* const* inputs, void* const* outputs, uint32_t first_picture,
                 uint32_t pictures, uint32_t first, uint32_t last) {
  Walk w{&context, inputs, outputs, first_picture, pictures, first, last};
  context.pool.run(walk_schedule, &w);
}

}  // namespace sparsec::rt
