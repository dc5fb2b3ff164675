// A context: one model, its arena and its threads, in one block of memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/core/api.h"
#include "runtime/core/nms.h"
#include "runtime/core/pool.h"

namespace sparsec::rt {

// Where things lie in the block, in bytes from its start; all multiples of 64. Where a batch goes a picture a thread
// (run.h), there are `arenas`, one a thread and `arena_stride` apart; else one. An arena is those of all strips of a
// picture.
struct Layout {
  size_t arena, arena_stride, arenas, input, output_pointers, outputs, pictures, letterbox, tiles, candidates, total;
};
Layout layout_of(const sparsec_model& model, const sparsec_program& program, int threads);

int32_t candidate_capacity(const sparsec_head& head);
int64_t tensor_bytes(const sparsec_tensor& tensor);  // of the whole batch
inline int64_t picture_bytes(const sparsec_model& model, const sparsec_tensor& tensor) {
  return tensor_bytes(tensor) / (model.batch ? model.batch : 1);
}

// Whether detection touches input or output `index` (`space` says which): then the context holds a buffer for it.
bool detection_touches(const sparsec_program& program, sparsec_space space, uint32_t index);

// The program to run. Null, with a message and status, when the library has none for this CPU or for the name.
const sparsec_program* choose_program(const sparsec_model& model, const char* isa, uint32_t features, char* error,
                                      size_t error_bytes);

struct Picture;  // runtime/core/letterbox.h

}  // namespace sparsec::rt

struct sparsec_rt_context {
  const sparsec_model* model;
  const sparsec_program* program;
  void* mapped;  // what to give back; null when the memory is the caller's
  size_t mapped_bytes;
  char* arena;  // that all threads share; thread t's own lies t * arena_stride further
  size_t arena_stride;
  int64_t caches;                  // bytes of second-level cache of all threads' cores
  char* input;                     // detection's network input; null where the letterbox writes the first layer's
  void** outputs;                  // detection's outputs; null entries are not written
  sparsec::rt::Picture* pictures;  // one per thread
  char* letterbox;                 // scratch
  uint8_t* tiles;                  // of a lazy level: 1 where a tile is wanted
  sparsec::rt::Candidate* candidates;
  char error[256];
  std::atomic<uint32_t> busy;
  sparsec::rt::Pool pool;
};
