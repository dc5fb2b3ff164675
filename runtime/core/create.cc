// Making and ending a context. All memory and all threads are had here; nothing is allocated later.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include <sys/mman.h>

#include <cstring>
#include <new>

#include "runtime/core/context.h"
#include "runtime/core/cpu.h"
#include "runtime/core/cpu_count.h"
#include "runtime/core/text.h"

namespace sparsec::rt {
namespace {

int thread_count(int32_t wanted) {
  const int n = wanted > 0 ? wanted : usable_cores();
  return n < kMaxThreads ? n : kMaxThreads;
}

char* aligned(void* p) { return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(p) + 63) & ~uintptr_t{63}); }

void* map_memory(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  madvise(p, bytes, MADV_HUGEPAGE);  // fewer TLB misses; not a loss when refused
#endif
  return p;
}

// Places everything in `block`, which is all zero.
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
    memset(block, 0, layout.total);
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
  if (!c->pool.start(threads)) {
    if (mapped != nullptr) munmap(mapped, layout.total);
    format(error, error_bytes, "%s: the system refuses to start %d threads", model->name, threads);
    return SPARSEC_NO_THREADS;
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
