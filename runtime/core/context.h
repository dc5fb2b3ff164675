// A context: one model, its arena and its threads, in one block of memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/core/api.h"
#include "runtime/core/nms.h"
#include "runtime/core/pool.h"

namespace sparsec::rt {

// Where things lie in the block, in bytes from its start; all multiples of 64.
struct Layout {
  size_t arena, input, output_pointers, outputs, letterbox, candidates, total;
};
Layout layout_of(const sparsec_model& model, const sparsec_program& program, int threads);

int32_t candidate_capacity(const sparsec_head& head);
int64_t tensor_bytes(const sparsec_tensor& tensor);  // of the whole batch
inline int64_t picture_bytes(const sparsec_model& model, const sparsec_tensor& tensor) {
  return tensor_bytes(tensor) / (model.batch ? model.batch : 1);
}

// Whether detection writes output `index`: then the context holds a buffer for it.
bool detection_writes(const sparsec_model& model, const sparsec_program& program, uint32_t index);

// The program to run. Null, with a message and status, when the library has none for this CPU or for the name.
const sparsec_program* choose_program(const sparsec_model& model, const char* isa, uint32_t features, char* error,
                                      size_t error_bytes);

// Entries [first, last) of the schedule for pictures [0, pictures), by all threads.
void run_entries(sparsec_rt_context& context, const void* const* inputs, void* const* outputs, uint32_t first_picture,
                 uint32_t pictures, uint32_t first, uint32_t last);
// The whole schedule for every picture of the batch, timed (sparsec_rt_run_timed).
void run_timed(sparsec_rt_context& context, const void* const* inputs, void* const* outputs, sparsec_rt_time* times);

}  // namespace sparsec::rt

struct sparsec_rt_context {
  const sparsec_model* model;
  const sparsec_program* program;
  void* mapped;  // what to give back; null when the memory is the caller's
  size_t mapped_bytes;
  char* arena;
  char* input;      // detection's network input
  void** outputs;   // detection's outputs; null entries are not written
  char* letterbox;  // scratch
  sparsec::rt::Candidate* candidates;
  char error[256];
  std::atomic<uint32_t> busy;
  sparsec::rt::Pool pool;
};
