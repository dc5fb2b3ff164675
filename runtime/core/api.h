/* What a generated library's functions forward to: one function here for each NAME_xxx of templates/model.h.in, with
 * the model's tables first where there is no context yet. Hidden, so that every library carries its own copy. Plain C,
 * and the types are those of the generated header, field for field.
 */
#ifndef SPARSEC_RT_API_H
#define SPARSEC_RT_API_H

#include <stddef.h>
#include <stdint.h>

#include "sparsec/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sparsec_rt_context sparsec_rt_context;

/* NAME_status. Functions that count return these as negative numbers. */
enum {
  SPARSEC_OK = 0,
  SPARSEC_BAD_ARGUMENT = -1, /* a null pointer, a size out of range */
  SPARSEC_BAD_CPU =
      -2, /* this CPU lacks what the library was compiled for; or the ISA asked for is not in the library */
  SPARSEC_NO_MEMORY = -3,  /* the system refused, or the caller's memory is too small */
  SPARSEC_NO_THREADS = -4, /* the system refused to start a thread */
  SPARSEC_NOT_A_DETECTOR = -5,
  SPARSEC_BUSY = -6,       /* another thread is in a call with the same context */
  SPARSEC_BAD_VERSION = -7 /* header and library do not belong together */
};

/* NAME_options */
typedef struct {
  uint32_t struct_bytes; /* sizeof of the caller's type: fields beyond it have their defaults */
  int32_t threads;       /* 0: the physical cores this process may use */
  const char* isa;       /* null: the best this CPU has */
  void* memory;          /* null: the system's; else at least context_bytes, alive until destroy */
  uint64_t memory_bytes;
  char* error; /* null, or where create() writes why it failed */
  uint64_t error_bytes;
  int32_t pin; /* 0: threads run where the system puts them; K: thread i on the (K + i)th physical core, from 1 */
} sparsec_rt_options;

/* NAME_detect_options */
typedef struct {
  uint32_t struct_bytes;
  float confidence;       /* 0.25 */
  float iou;              /* 0.45 */
  int32_t max_detections; /* 300 */
  uint32_t multi_label;   /* 0: a box's best class only */
  uint32_t agnostic;      /* 1: boxes of different classes suppress each other too */
} sparsec_rt_detect_options;

/* NAME_detection */
typedef struct {
  float x1, y1, x2, y2; /* pixels of the picture as given */
  float score;
  int32_t label;
} sparsec_rt_detection;

/* ---- what the generated functions call ---- */
size_t sparsec_rt_context_bytes(const sparsec_model* model, int32_t threads);
int32_t sparsec_rt_create(const sparsec_model* model, const sparsec_rt_options* options, sparsec_rt_context** context);
void sparsec_rt_destroy(sparsec_rt_context* context);
int32_t sparsec_rt_run(sparsec_rt_context* context, const void* const* inputs, void* const* outputs);
int32_t sparsec_rt_detect(sparsec_rt_context* context, const uint8_t* rgb, int32_t rows, int32_t columns,
                          ptrdiff_t row_bytes, const sparsec_rt_detect_options* options,
                          sparsec_rt_detection* detections, int32_t capacity);
const char* sparsec_rt_last_error(const sparsec_rt_context* context);
const char* sparsec_rt_status_text(int32_t status);
const char* sparsec_rt_isa(const sparsec_rt_context* context);
int32_t sparsec_rt_threads(const sparsec_rt_context* context);
int32_t sparsec_rt_input_count(const sparsec_model* model);
int32_t sparsec_rt_output_count(const sparsec_model* model);
const sparsec_tensor* sparsec_rt_input(const sparsec_model* model, int32_t index); /* null beyond the last */
const sparsec_tensor* sparsec_rt_output(const sparsec_model* model, int32_t index);
int32_t sparsec_rt_class_count(const sparsec_model* model);                   /* 0: not a detector */
const char* sparsec_rt_class_name(const sparsec_model* model, int32_t label); /* null when there is none */
const char* sparsec_rt_about(const sparsec_model* model, int32_t what);

/* what sparsec_rt_about tells */
enum { SPARSEC_ABOUT_NAME = 0, SPARSEC_ABOUT_COMPILER = 1, SPARSEC_ABOUT_SHA256 = 2 };

/* ---- for sparsec's own tools: parts of a run ---- */

/* Entries [first, last) of the schedule, for one picture of the batch; pointers as for run, entries that are not
 * touched may be null. */
int32_t sparsec_rt_run_entries(sparsec_rt_context* context, const void* const* inputs, void* const* outputs,
                               uint32_t picture, uint32_t first, uint32_t last);

/* How long a thread was at an entry of the schedule, in nanoseconds: at its share, and at the barrier that follows. */
typedef struct {
  uint64_t work, wait;
} sparsec_rt_entry_time;

/* run, with a look at the clock around every entry: adds thread t's time at entry e to times[t * n_schedule + e], over
 * all pictures. A thread's times sum to the whole run. */
int32_t sparsec_rt_run_timed(sparsec_rt_context* context, const void* const* inputs, void* const* outputs,
                             sparsec_rt_entry_time* times);
void* sparsec_rt_arena(sparsec_rt_context* context);

/* Where a detection's time goes, by the wall clock: the letterbox; the network with the head's convolutions; decoding
 * and suppression. */
typedef struct {
  int64_t letterbox_ns, network_ns, head_ns;
} sparsec_rt_detect_times;
/* sparsec_rt_detect, which also tells its times. */
int32_t sparsec_rt_detect_timed(sparsec_rt_context* context, const uint8_t* rgb, int32_t rows, int32_t columns,
                                ptrdiff_t row_bytes, const sparsec_rt_detect_options* options,
                                sparsec_rt_detection* detections, int32_t capacity, sparsec_rt_detect_times* times);
const sparsec_program* sparsec_rt_program(const sparsec_rt_context* context);

#ifdef __cplusplus
}
#endif
#endif
