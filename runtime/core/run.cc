// The schedule, walked by every thread at once: each takes its share of an entry's tiles (or calls), and all meet where
// an entry asks for it. A second walk does the same by the clock; the first knows nothing of it.
#include "runtime/core/context.h"
#include "runtime/core/wait.h"

namespace sparsec::rt {
namespace {

struct Walk {
  sparsec_rt_context* context;
  const void* const* inputs;
  void* const* outputs;
  uint32_t first_picture, pictures, first, last;
  sparsec_rt_time* times;  // of the timed walk
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
    for (uint32_t c = uint32_t(thread); c < step.calls; c += uint32_t(threads))
      run_call(w, picture, calls[c], work.begin, work.end);
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

// The same, and what each entry takes. The end is a barrier too, so that every thread's times sum to the whole.
void walk_timed(void* argument, int thread) {
  const Walk& w = *static_cast<const Walk*>(argument);
  Pool& pool = w.context->pool;
  const sparsec_work* schedule = w.context->program->schedule;
  sparsec_rt_time* times = w.times + size_t(thread) * w.last;
  int64_t before = now_ns();
  for (uint32_t picture = 0; picture < w.pictures; ++picture) {
    for (uint32_t e = 0; e < w.last; ++e) {
      run_entry(w, picture, schedule[e], thread, pool.threads());
      const int64_t done = now_ns();
      if (schedule[e].barrier != 0 || e + 1 == w.last) pool.barrier();
      const int64_t after = now_ns();
      times[e].work += uint64_t(done - before);
      times[e].wait += uint64_t(after - done);
      before = after;
    }
  }
}

}  // namespace

void run_entries(sparsec_rt_context& context, const void* const* inputs, void* const* outputs, uint32_t first_picture,
                 uint32_t pictures, uint32_t first, uint32_t last) {
  Walk w{&context, inputs, outputs, first_picture, pictures, first, last, nullptr};
  context.pool.run(walk_schedule, &w);
}

void run_timed(sparsec_rt_context& context, const void* const* inputs, void* const* outputs, sparsec_rt_time* times) {
  Walk w{&context, inputs, outputs, 0, context.model->batch, 0, context.program->n_schedule, times};
  context.pool.run(walk_timed, &w);
}

}  // namespace sparsec::rt
