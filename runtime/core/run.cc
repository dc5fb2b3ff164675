// The schedule, walked by a team: each thread takes its share of an entry's strips, tiles or calls, and all meet where
// an entry asks for it. The team is all threads, or one thread in its own arena. A second walk does the same by the
// clock; the first knows nothing of it.
#include "runtime/core/run.h"

#include "runtime/core/letterbox.h"
#include "runtime/core/steps.h"
#include "runtime/core/wait.h"

namespace sparsec::rt {
namespace {

// A thread's place among those that share a picture.
struct Place {
  int thread;
  Team team;
  char* arena;  // of the first strip
};

Place together(const Walk& w, int thread) {
  return {thread, {w.context->pool.threads(), strips_of(*w.context->program)}, w.context->arena};
}
Place alone(const Walk& w, int thread) {
  return {0, {1, strips_of(*w.context->program)}, w.context->arena + size_t(thread) * w.context->arena_stride};
}

// Where a pointer of a call starts, for one picture, strip and thread.
const char* resolve(const Walk& w, uint32_t picture, const sparsec_pointer& p, int strip, const Place& place) {
  const sparsec_model& model = *w.context->model;
  const char* base = nullptr;
  switch (p.space) {
    case SPARSEC_ARENA:
      base = place.arena + size_t(strip) * w.context->program->arena_bytes;
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
    case SPARSEC_CODE:
      base = reinterpret_cast<const char*>(w.context->program->calls[p.index].kernel);
      break;
    case SPARSEC_PICTURE:
      base = reinterpret_cast<const char*>(w.context->pictures + place.thread);
      break;
  }
  return base + p.offset + p.strip * strip;
}

void run_tiles(const Walk& w, uint32_t picture, const sparsec_call& call, int strip, int64_t begin, int64_t end,
               const Place& place) {
  const void* pointers[2 * SPARSEC_MAX_POINTERS];
  for (uint32_t i = 0; i < call.pointers; ++i) {
    const sparsec_pointer& p = w.context->program->pointers[call.first_pointer + i];
    pointers[i] = resolve(w, picture, p, strip, place) + p.stride * begin;
    pointers[SPARSEC_MAX_POINTERS + i] =
        reinterpret_cast<const void*>(intptr_t(p.stride));  // NOLINT(performance-no-int-to-ptr): abi.h has it so
  }
  call.kernel(pointers, end - begin);
}

void run_entry(const Walk& w, uint32_t picture, const sparsec_work& work, const Place& place) {
  const sparsec_program& program = *w.context->program;
  const sparsec_step& step = program.steps[work.step];
  const sparsec_call* calls = program.calls + step.first_call;
  share_entry(work, step, calls, place.team, place.thread, w.caches,
              [&](int strip, uint32_t c, int64_t begin, int64_t end) {
                run_tiles(w, picture, calls[c], strip, begin, end, place);
              });
}

bool meets_after(const Walk& w, const sparsec_work& work, const Place& place) {
  return rt::meets_after(work, w.context->program->steps[work.step].tiles, place.team, w.caches);
}

bool is_letterbox(const sparsec_program& program, const sparsec_work& work) {
  return program.calls[program.steps[work.step].first_call].kernel == SPARSEC_STEP(letterbox);
}

// The pictures that each thread walks alone, as it is the next to be free for one; ran(entry) after every entry. How
// many these are for all threads: the rest is walked together.
template <class Ran>
uint32_t walk_alone(Walk& w, int thread, const Ran& ran) {
  const uint32_t count = pictures_alone(w.pictures, w.context->pool.threads());
  if (count == 0) return 0;
  const Place place = alone(w, thread);
  for (;;) {
    const uint32_t picture = w.next_alone.fetch_add(1, std::memory_order_relaxed);
    if (picture >= count) return count;
    for (const sparsec_work* work = w.first; work != w.last; ++work) {
      run_entry(w, w.first_picture + picture, *work, place);
      ran(*work);
    }
  }
}

void walk_schedule(void* argument, int thread) {
  Walk& w = *static_cast<Walk*>(argument);
  Pool& pool = w.context->pool;
  const uint32_t whole = walk_alone(w, thread, [](const sparsec_work&) {});
  if (whole == w.pictures) return;
  if (whole > 0) pool.barrier();  // the first thread's arena is now everybody's
  const Place place = together(w, thread);
  for (uint32_t picture = whole; picture < w.pictures; ++picture) {
    for (const sparsec_work* work = w.first; work != w.last; ++work) {
      const bool timed = w.letterbox_ns != nullptr && thread == 0 && is_letterbox(*w.context->program, *work);
      const int64_t start = timed ? now_ns() : 0;
      if (meets_before(*work, place.team)) pool.barrier();
      run_entry(w, w.first_picture + picture, *work, place);
      // The next picture uses the arena anew. The pool itself waits for the end of the last.
      const bool last_entry = work + 1 == w.last, last_picture = picture + 1 == w.pictures;
      if (last_entry ? !last_picture : meets_after(w, *work, place)) pool.barrier();
      if (timed) *w.letterbox_ns += now_ns() - start;
    }
  }
}

// A thread's clock: each look adds the time since the last one.
class Stopwatch {
 public:
  void add_to(uint64_t& sum) {
    const int64_t now = now_ns();
    sum += uint64_t(now - before_);
    before_ = now;
  }

 private:
  int64_t before_ = now_ns();
};

// The same, and what each entry takes. The end is a barrier too, so that every thread's times sum to the whole.
void walk_timed(void* argument, int thread) {
  Walk& w = *static_cast<Walk*>(argument);
  Pool& pool = w.context->pool;
  sparsec_rt_entry_time* times = w.times + thread * (w.last - w.first);
  Stopwatch watch;
  const uint32_t whole =
      walk_alone(w, thread, [&](const sparsec_work& work) { watch.add_to(times[&work - w.first].work); });
  if (whole > 0) {
    pool.barrier();
    watch.add_to(times[w.last - w.first - 1].wait);
  }
  const Place place = together(w, thread);
  for (uint32_t picture = whole; picture < w.pictures; ++picture) {
    for (const sparsec_work* work = w.first; work != w.last; ++work) {
      if (meets_before(*work, place.team)) {
        pool.barrier();
        watch.add_to(times[work - w.first].wait);
      }
      run_entry(w, w.first_picture + picture, *work, place);
      watch.add_to(times[work - w.first].work);
      if (meets_after(w, *work, place) || work + 1 == w.last) pool.barrier();
      watch.add_to(times[work - w.first].wait);
    }
  }
}

}  // namespace

void run_call(const Walk& w, uint32_t picture, const sparsec_call& call, int strip, int64_t begin, int64_t end,
              int thread) {
  run_tiles(w, picture, call, strip, begin, end, together(w, thread));
}

void run_walk(Walk& walk) { walk.context->pool.run(walk.times ? walk_timed : walk_schedule, &walk); }

}  // namespace sparsec::rt
