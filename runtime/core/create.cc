// Making and ending a context. All memory and all threads are had here; nothing is allocated later.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "runtime/core/context.h"
#include "runtime/core/cpu.h"
#include "runtime/core/cpu_count.h"
#include "runtime/core/run.h"
#include "runtime/core/text.h"

namespace sparsec::rt {
namespace {

int thread_count(int32_t wanted) {
  const int n = wanted > 0 ? wanted : usable_cores();
  return n < kMaxThreads ? n : kMaxThreads;
}

// Where each thread is to stay: physical cores from number `pin`, counted from 1. False, with a message, where there
// are not enough.
bool choose_cores(int pin, int threads, int* cpus, const sparsec_rt_options& options, const char* name) {
  CpuSet allowed;
  if (!allowed.read_affinity()) {
    format(options.error, options.error_bytes, "%s: pin = %d; threads can be pinned on Linux only, take 0", name, pin);
    return false;
  }
  int cores[2 * kMaxThreads];
  const int n = physical_cores(allowed, "", cores, 2 * kMaxThreads);
  if (pin < 0 || pin > kMaxThreads || pin - 1 + threads > n) {
    format(options.error, options.error_bytes,
           "%s: pin = %d with threads = %d; each thread needs a physical core, and this process has %d", name, pin,
           threads, n);
    return false;
  }
  memcpy(cpus, cores + pin - 1, sizeof(int) * size_t(threads));
  return true;
}

// Of a core of this machine.
int64_t l2_bytes() {
  int64_t bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)
  bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
  return bytes > 0 ? bytes : int64_t{1} << 20;  // where the system does not tell
}

char* aligned(void* p) { return static_cast<char*>(p) + (-reinterpret_cast<uintptr_t>(p) & 63); }

void* map_memory(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  madvise(p, bytes, MADV_HUGEPAGE);  // fewer TLB misses; not a loss when refused
#endif
  return p;
}

// Zeroes the caller's memory but for the arenas.
void clear_around_arenas(char* block, const Layout& l) {
  const size_t after = l.arena + l.arenas * l.arena_stride;
  memset(block, 0, l.arena);
  memset(block + after, 0, l.total - after);
}

// Zeroes the arenas: each thread its own, or its share of the one. Where a system has several memories, pages lie near
// the thread that first touches them. (Memory from the system is zero: there the first run touches it first.)
void clear_arenas(void* context, int thread) {
  const auto& c = *static_cast<const sparsec_rt_context*>(context);
  const int threads = c.pool.threads();
  if (pictures_alone(c.model->batch, threads) > 0) {
    memset(c.arena + size_t(thread) * c.arena_stride, 0, c.arena_stride);
  } else {
    const Share share = share_of(int64_t(c.arena_stride), thread, threads);
    memset(c.arena + share.begin, 0, size_t(share.end - share.begin));
  }
}

// Places everything in `block`, which is all zero, or will be.
sparsec_rt_context* place(const sparsec_model& model, const sparsec_program& program, char* block, const Layout& l) {
  auto* c = new (block) sparsec_rt_context{};
  c->model = &model;
  c->program = &program;
  c->arena = block + l.arena;
  c->arena_stride = l.arena_stride;
  if (program.head.levels == 0) return c;
  if (l.input != 0) c->input = block + l.input;
  c->outputs = reinterpret_cast<void**>(block + l.output_pointers);
  char* next = block + l.outputs;
  for (uint32_t i = 0; i < model.n_outputs; ++i) {
    if (!detection_touches(program, SPARSEC_OUTPUT, i)) continue;
    c->outputs[i] = next;
    next += (picture_bytes(model, model.outputs[i]) + 63) & ~int64_t{63};
  }
  c->pictures = reinterpret_cast<Picture*>(block + l.pictures);
  c->letterbox = block + l.letterbox;
  c->tiles = reinterpret_cast<uint8_t*>(block + l.tiles);
  c->candidates = reinterpret_cast<Candidate*>(block + l.candidates);
  return c;
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" {

size_t sparsec_rt_context_bytes(const sparsec_model* model, int32_t threads) {
  size_t most = 0;
  for (uint32_t i = 0; i < model->n_programs; ++i) {
    const size_t bytes = layout_of(*model, *model->programs[i], thread_count(threads)).total;
    if (bytes > most) most = bytes;
  }
  return most + 64;  // room to align
}

int32_t sparsec_rt_create(const sparsec_model* model, const sparsec_rt_options* given, sparsec_rt_context** context) {
  sparsec_rt_options options{};
  if (given != nullptr) {
    if (given->struct_bytes < sizeof given->struct_bytes) return SPARSEC_BAD_VERSION;
    memcpy(&options, given, given->struct_bytes < sizeof options ? given->struct_bytes : sizeof options);
  }
  char* error = options.error;
  const size_t error_bytes = options.error_bytes;
  if (error != nullptr && error_bytes > 0) error[0] = 0;
  if (context == nullptr) {
    format(error, error_bytes, "create: the place for the context is null");
    return SPARSEC_BAD_ARGUMENT;
  }
  *context = nullptr;
  if (model->abi_version != SPARSEC_ABI_VERSION) {
    format(error, error_bytes, "%s: its tables have version %u, its runtime %d", model->name, model->abi_version,
           SPARSEC_ABI_VERSION);
    return SPARSEC_BAD_VERSION;
  }
  if (options.threads < 0 || options.threads > kMaxThreads) {
    format(error, error_bytes, "%s: threads = %d; 1 to %d are possible, 0 takes all cores", model->name,
           options.threads, kMaxThreads);
    return SPARSEC_BAD_ARGUMENT;
  }
  const sparsec_program* program = choose_program(*model, options.isa, sparsec_cpu_features(), error, error_bytes);
  if (program == nullptr) return SPARSEC_BAD_CPU;

  const int threads = thread_count(options.threads);
  int cpus[kMaxThreads];
  if (options.pin != 0 && !choose_cores(options.pin, threads, cpus, options, model->name)) return SPARSEC_BAD_ARGUMENT;
  const Layout layout = layout_of(*model, *program, threads);
  void* mapped = nullptr;
  char* block;
  if (options.memory != nullptr) {
    block = aligned(options.memory);
    const uint64_t needed = layout.total + uint64_t(block - static_cast<char*>(options.memory));
    if (options.memory_bytes < needed) {
      format(error, error_bytes, "%s: %llu bytes of memory are given, %llu are needed (context_bytes tells)",
             model->name, (unsigned long long)options.memory_bytes, (unsigned long long)needed);
      return SPARSEC_NO_MEMORY;
    }
    clear_around_arenas(block, layout);
  } else {
    mapped = map_memory(layout.total);
    if (mapped == nullptr) {
      format(error, error_bytes, "%s: the system refuses %llu bytes of memory", model->name,
             (unsigned long long)layout.total);
      return SPARSEC_NO_MEMORY;
    }
    block = static_cast<char*>(mapped);
  }
  sparsec_rt_context* c = place(*model, *program, block, layout);
  c->mapped = mapped;
  c->mapped_bytes = layout.total;
  c->caches = threads * l2_bytes();
  if (!c->pool.start(threads, options.pin != 0 ? cpus : nullptr)) {
    if (mapped != nullptr) munmap(mapped, layout.total);
    format(error, error_bytes, "%s: the system refuses to start %d threads%s", model->name, threads,
           options.pin != 0 ? ", or to pin them" : "");
    return SPARSEC_NO_THREADS;
  }
  if (mapped == nullptr) {
    const PinnedHere here(c->pool.first_cpu());
    c->pool.run(clear_arenas, c);
  }
  *context = c;
  return SPARSEC_OK;
}

void sparsec_rt_destroy(sparsec_rt_context* context) {
  if (context == nullptr) return;
  context->pool.stop();
  if (context->mapped != nullptr) munmap(context->mapped, context->mapped_bytes);
}

}  // extern "C"
