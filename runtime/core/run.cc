// The schedule, walked by every thread at once: each takes its share of an entry's tiles (or calls), and all meet where
// an entry asks for it. A second walk does the same by the clock; the first knows nothing of it.
#include "runtime/core/run.h"

#include "runtime/core/letterbox.h"
#include "runtime/core/steps.h"
#include "runtime/core/wait.h"

namespace sparsec::rt {
namespace {

// Where a pointer of a call starts, for one picture and thread.
const char* resolve(const Walk& w, uint32_t picture, const sparsec_pointer& p, int thread) {
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
    case SPARSEC_PICTURE:
      base = reinterpret_cast<const char*>(w.context->pictures + thread);
      break;
  }
  return base + p.offset;
}

void run_entry(const Walk& w, uint32_t picture, const sparsec_work& work, int thread, int threads) {
  const sparsec_program& program = *w.context->program;
  const sparsec_step& step = program.steps[work.step];
  const sparsec_call* calls = program.calls + step.first_call;
  if (step.split == 0) {
    const Share share = share_of(work.end - work.begin, thread, threads);
    if (share.begin == share.end) return;
    for (uint32_t c = 0; c < step.calls; ++c)
      run_call(w, picture, calls[c], work.begin + share.begin, work.begin + share.end, thread);
  } else {
    for (uint32_t c = 0; c < step.calls; ++c)
      if (c / step.split % uint32_t(threads) == uint32_t(thread))
        run_call(w, picture, calls[c], work.begin, work.end, thread);
  }
}

bool is_letterbox(const sparsec_program& program, const sparsec_work& work) {
  return program.calls[program.steps[work.step].first_call].kernel == SPARSEC_STEP(letterbox);
}

void walk_schedule(void* argument, int thread) {
  const Walk& w = *static_cast<const Walk*>(argument);
  Pool& pool = w.context->pool;
  for (uint32_t picture = 0; picture < w.pictures; ++picture) {
    for (const sparsec_work* work = w.first; work != w.last; ++work) {
      const bool timed = w.letterbox_ns != nullptr && thread == 0 && is_letterbox(*w.context->program, *work);
      const int64_t start = timed ? now_ns() : 0;
      run_entry(w, w.first_picture + picture, *work, thread, pool.threads());
      // The next picture uses the arena anew. The pool itself waits for the end of the last.
      const bool last_entry = work + 1 == w.last, last_picture = picture + 1 == w.pictures;
      if (last_entry ? !last_picture : work->barrier != 0) pool.barrier();
      if (timed) *w.letterbox_ns += now_ns() - start;
    }
  }
}

// The same, and what each entry takes. The end is a barrier too, so that every thread's times sum to the whole.
void walk_timed(void* argument, int thread) {
  const Walk& w = *static_cast<const Walk*>(argument);
  Pool& pool = w.context->pool;
  sparsec_rt_entry_time* times = w.times + thread * (w.last - w.first);
  int64_t before = now_ns();
  for (uint32_t picture = 0; picture < w.pictures; ++picture) {
    for (const sparsec_work* work = w.first; work != w.last; ++work) {
      run_entry(w, w.first_picture + picture, *work, thread, pool.threads());
      const int64_t done = now_ns();
      if (work->barrier != 0 || work + 1 == w.last) pool.barrier();
      const int64_t after = now_ns();
      times[work - w.first].work += uint64_t(done - before);
      times[work - w.first].wait += uint64_t(after - done);
      before = after;
    }
  }
}

}  // namespace

void run_call(const Walk& w, uint32_t picture, const sparsec_call& call, int64_t begin, int64_t end, int thread) {
  const void* pointers[2 * SPARSEC_MAX_POINTERS];
  for (uint32_t i = 0; i < call.pointers; ++i) {
    const sparsec_pointer& p = w.context->program->pointers[call.first_pointer + i];
    pointers[i] = resolve(w, picture, p, thread) + p.stride * begin;
    pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(intptr_t(p.stride));
  }
  call.kernel(pointers, end - begin);
}

void run_walk(Walk& walk) { walk.context->pool.run(walk.times ? walk_timed : walk_schedule, &walk); }

}  // namespace sparsec::rt
