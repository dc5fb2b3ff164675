/* What generated code and the runtime agree on: the tables that describe a compiled model.
 *
 * A compiled model is constant data of these types plus kernels. The runtime walks `schedule`, and calls each kernel
 * with its pointers. Nothing here is for applications, which use the header that sparsec writes beside the library. C99
 * and C++.
 */
#ifndef SPARSEC_ABI_H
#define SPARSEC_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPARSEC_ABI_VERSION 5

/* CPU features, as sparsec_cpu_features() reports them (usable: the operating system saves the registers too). */
enum {
  SPARSEC_CPU_AVX2 = 1u << 0,   /* and FMA, BMI2 */
  SPARSEC_CPU_AVX512 = 1u << 1, /* F, BW, DQ, VL, CD */
  SPARSEC_CPU_AVX512_VNNI = 1u << 2,
  SPARSEC_CPU_AVX512_VBMI = 1u << 3,
  SPARSEC_CPU_AVX_VNNI = 1u << 4,
  SPARSEC_CPU_AMX_INT8 = 1u << 5,
  SPARSEC_CPU_NEON_DOTPROD = 1u << 6,
  SPARSEC_CPU_NEON_I8MM = 1u << 7
};

/* A kernel runs `tiles` tiles from where its pointers point. It allocates nothing and keeps no state.
 * After the pointers come their strides: pointers[SPARSEC_MAX_POINTERS + i], taken as an integer, is how many bytes
 * pointer i moves from tile to tile. Generated kernels have these as immediates; the ready-made steps
 * (runtime/core/steps.h) read them. */
typedef void (*sparsec_kernel)(const void* const* pointers, int64_t tiles);

enum { SPARSEC_MAX_POINTERS = 8, SPARSEC_MAX_RANK = 8, SPARSEC_MAX_LEVELS = 4, SPARSEC_MAX_ANCHORS = 8 };

/* SPARSEC_PICTURE: what the runtime knows of the picture given to detect; for the letterbox step alone. SPARSEC_CODE:
 * the kernel of call number `index`; asked for ahead, never read. */
typedef enum {
  SPARSEC_ARENA = 0,
  SPARSEC_CONSTANTS = 1,
  SPARSEC_INPUT = 2,
  SPARSEC_OUTPUT = 3,
  SPARSEC_PICTURE = 4,
  SPARSEC_CODE = 5
} sparsec_space;

/* Where a pointer of a call starts, and how far it moves from tile to tile. A picture may be cut into strips of as many
 * rows, each in an arena of its own, arena_bytes apart; tiles are those of a strip. */
typedef struct {
  uint32_t space; /* sparsec_space */
  uint32_t index; /* which input or output, or call */
  int64_t offset; /* bytes */
  int64_t stride; /* bytes per tile */
  int64_t strip;  /* bytes per strip, beside those from arena to arena */
} sparsec_pointer;

/* A call with a neighbour reads the strip above its own (-1) or below (1); strips that have none leave the call out. */
typedef struct {
  sparsec_kernel kernel;
  uint32_t first_pointer, pointers; /* into sparsec_program.pointers; at most SPARSEC_MAX_POINTERS */
  int32_t neighbour;                /* -1, 0, 1 */
} sparsec_call;

/* One layer. All its calls run over the same tiles. Threads that have no strips of their own share the tiles when
 * split is 0, else the calls, in runs of `split` that one thread makes in order. */
typedef struct {
  const char* name;
  uint32_t first_call, calls;
  int64_t tiles;
  uint32_t split;
} sparsec_step;

/* The schedule: tiles [begin, end) of a step, in order. A barrier follows where a later entry, up to the next barrier,
 * touches what this one writes or overwrites what it reads. A step's entries are in the order of its tiles and have
 * the same barrier, and steps in the order of their first entries can also run whole, one after the other: then the
 * entry from tile 0 on stands for all of them.
 *
 * Threads that have strips of their own need no barriers but one before every entry with strips_meet: its calls have
 * neighbours, which may go on meanwhile, for what is read stays as it is until the next such entry. */
typedef struct {
  uint32_t step;
  uint32_t barrier;
  int64_t begin, end;
  int64_t handed; /* in a group of several bands, else without effect: the largest tensor, in bytes, that one of its
                   * steps hands to another */
  uint32_t strips_meet;
} sparsec_work;

typedef enum { SPARSEC_F32 = 0, SPARSEC_U8 = 1, SPARSEC_S8 = 2, SPARSEC_S32 = 3, SPARSEC_I64 = 4 } sparsec_type;

typedef struct {
  const char* name;
  uint32_t type; /* sparsec_type */
  uint32_t rank;
  int64_t shape[SPARSEC_MAX_RANK]; /* with the batch; rows outermost, no gaps */
} sparsec_tensor;

/* One level of the head as the network leaves it in the arena or in an output: floats, channel c of anchor a at cell
 * (y, x) at offset + plane_stride * (a * (5 + classes) + c) + row_stride * y + column_stride * x. Strides in bytes. Of a
 * picture in strips, y counts within a strip of rows / strips rows.
 *
 * It is there when the first `ready` entries of the detection schedule have run; later ones may overwrite it. Later
 * levels are not ready before earlier ones.
 *
 * Of a lazy level (cells_per_tile > 0) only the objectness is there then, of anchor a at objectness.offset +
 * objectness_stride * a, rows and columns as above. Tile t of `step` makes all channels of cells [t, t + 1) *
 * cells_per_tile, counted through whole rows of row_stride bytes (of a strip).
 *
 * Without anchors (0) it is no level but the decoded tensor, the only one in `level`: `rows` rows of 5 + classes floats
 * from `where` on, centre, size, objectness and class scores, in pixels of the network's input. */
typedef struct {
  sparsec_pointer where;
  int64_t plane_stride, row_stride, column_stride;
  int32_t rows, columns;
  int32_t anchors; /* 0: decoded rows */
  float stride;    /* pixels per cell */
  float anchor[SPARSEC_MAX_ANCHORS][2];
  sparsec_pointer objectness;
  int64_t objectness_stride;
  uint32_t step;
  int32_t cells_per_tile; /* 0: not lazy */
  uint32_t ready;
} sparsec_level;

/* What makes a model a detector; levels == 0 when it is not one. */
typedef struct {
  uint32_t levels;
  uint32_t classes;
  uint32_t sigmoid_done; /* 1: the planes hold probabilities already */
  sparsec_level level[SPARSEC_MAX_LEVELS];
  /* Detection's own: it begins with the letterbox, and leaves out what only makes outputs. */
  const sparsec_work* detect_schedule;
  uint32_t n_detect_schedule;
  int32_t input_rows, input_columns; /* the network's input picture */
  const char* const* class_names;    /* `classes` of them; may be null */
} sparsec_head;

/* One ISA's program. */
typedef struct {
  const char* isa;
  uint32_t features; /* SPARSEC_CPU_* bits that must all be there */
  const uint8_t* constants;
  uint64_t constants_bytes;
  uint64_t arena_bytes; /* of a strip */
  const sparsec_pointer* pointers;
  const sparsec_call* calls;
  const sparsec_step* steps;
  uint32_t n_steps;
  const sparsec_work* schedule;
  uint32_t n_schedule;
  sparsec_head head;
  uint32_t strips; /* that a picture is cut into; 0 and 1: it is not */
} sparsec_program;

typedef struct {
  uint32_t abi_version;
  uint32_t batch; /* pictures per run; kernels see one picture at a time */
  const char* name;
  const char* compiler; /* "sparsec 0.1.0" */
  const char* sha256;   /* of the ONNX file */
  const sparsec_tensor* inputs;
  const sparsec_tensor* outputs;
  uint32_t n_inputs, n_outputs;
  const sparsec_program* const* programs; /* best first */
  uint32_t n_programs;
} sparsec_model;

#ifdef __cplusplus
}
#endif
#endif
