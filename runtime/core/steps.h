/* Ready-made steps: the kernels that need no code generation, because they move or map elements and are never hot.
 *
 * Each has the signature of a generated kernel (sparsec_kernel): pointers[] as given below, the last one at a constant
 * descriptor of the types below; `tiles` counts the outermost dimension, which is not in the descriptor: its strides
 * are those of the call's pointers, which the runtime passes at pointers[SPARSEC_MAX_POINTERS + i] (so pointers[] has 2
 * * SPARSEC_MAX_POINTERS entries). The compiler writes the descriptors (compiler/plan), so this header is shared by
 * both; names get a version prefix by SPARSEC_STEP.
 */
#ifndef SPARSEC_STEPS_H
#define SPARSEC_STEPS_H

#include <stdint.h>

#include "sparsec/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPARSEC_STEP(name) sparsec_step_##name

enum { SPARSEC_LOOP_RANK = 6 };

/* A loop nest over one tile: rank 0 to 6, shape[0] outermost; strides in bytes for the output and the inputs. A stride
 * of 0 repeats. */
typedef struct {
  int32_t rank;
  int32_t element_bytes; /* copy, fill: 1, 4 or 8 */
  int64_t shape[SPARSEC_LOOP_RANK];
  int64_t out[SPARSEC_LOOP_RANK], a[SPARSEC_LOOP_RANK], b[SPARSEC_LOOP_RANK];
  uint32_t kind;             /* sparsec_unary, sparsec_binary */
  uint32_t type_out, type_a; /* sparsec_type, for cast */
  float alpha, beta;         /* unary's parameters */
  float scale;               /* quantise, dequantise */
  int32_t zero_point;
  uint32_t fill; /* fill: the element's bits (4 and 1 byte elements) */
} sparsec_loop;

/* In the order of UnaryKind and BinaryKind in compiler/ir/op.h. */
typedef enum {
  SPARSEC_SIGMOID,
  SPARSEC_SILU,
  SPARSEC_RELU,
  SPARSEC_LEAKY_RELU,
  SPARSEC_HARD_SWISH,
  SPARSEC_HARD_SIGMOID,
  SPARSEC_TANH,
  SPARSEC_EXP,
  SPARSEC_SQRT,
  SPARSEC_NEG,
  SPARSEC_ABS,
  SPARSEC_CLIP
} sparsec_unary;
typedef enum {
  SPARSEC_ADD,
  SPARSEC_SUB,
  SPARSEC_MUL,
  SPARSEC_DIV,
  SPARSEC_POW,
  SPARSEC_MIN,
  SPARSEC_MAX
} sparsec_binary;

/* pointers: out, a, loop.   out = a */
void SPARSEC_STEP(copy)(const void* const* pointers, int64_t tiles);
/* pointers: out, loop.      out = fill */
void SPARSEC_STEP(fill)(const void* const* pointers, int64_t tiles);
/* pointers: out, a, loop.   f32 -> f32 */
void SPARSEC_STEP(unary)(const void* const* pointers, int64_t tiles);
/* pointers: out, a, b, loop. f32, f32 -> f32 */
void SPARSEC_STEP(binary)(const void* const* pointers, int64_t tiles);
/* pointers: out, a, loop.   f32 -> u8 or s8 (type_out): saturate(round_half_even(a / scale) + zero_point); true
 * division, as ONNX has it */
void SPARSEC_STEP(quantise)(const void* const* pointers, int64_t tiles);
/* pointers: out, a, loop.   u8, s8 or s32 (type_a) -> f32: scale * (q - zero_point) */
void SPARSEC_STEP(dequantise)(const void* const* pointers, int64_t tiles);
/* pointers: out, a, loop.   type_a -> type_out, as C converts; f32 to integers truncates and saturates */
void SPARSEC_STEP(cast)(const void* const* pointers, int64_t tiles);

/* Softmax over `length` elements that lie `stride` bytes apart; loop (in elements of f32) walks the rest. pointers:
 * out, a, descriptor. */
typedef struct {
  sparsec_loop loop;
  int64_t length, stride;
} sparsec_softmax;
void SPARSEC_STEP(softmax)(const void* const* pointers, int64_t tiles);

/* Max-pool of one plane (a tile) of f32, u8 or s8 elements: rows x columns, `pitch` bytes from row to row, `step` bytes
 * from column to column. */
typedef struct {
  uint32_t type; /* sparsec_type */
  int32_t in_rows, in_columns, out_rows, out_columns;
  int64_t in_pitch, in_step, out_pitch, out_step; /* bytes */
  int32_t kernel[2], strides[2], dilations[2], pad_top, pad_left;
} sparsec_pool;
/* pointers: out, a, descriptor. */
void SPARSEC_STEP(max_pool)(const void* const* pointers, int64_t tiles);

/* Nearest resize of one plane (a tile) of 32-bit pixels: out(y, x) = in(source_row[y], source_col[x]). The index tables
 * follow the descriptor: int32 row[out_rows], then int32 column[out_columns]. pointers: out, a, descriptor. */
typedef struct {
  int32_t out_rows, out_columns;
  int64_t in_pitch, out_pitch; /* bytes */
} sparsec_resize;
void SPARSEC_STEP(resize)(const void* const* pointers, int64_t tiles);

/* Nearest resize by whole numbers: each pixel becomes `rows` x `columns` of the output. A tile is one row of the input,
 * of all planes. pointers: out (the first of the rows), a, descriptor. */
typedef struct {
  int32_t in_columns, rows, columns, planes;
  int64_t in_plane, out_plane, out_pitch; /* bytes */
} sparsec_repeat;
void SPARSEC_STEP(repeat)(const void* const* pointers, int64_t tiles);

/* A row of 32-bit pixels taken apart into its `step` phases, for strided convolutions: pixel x is pixel x / step of
 * phase x % step. A tile is one row. pointers: out (the row of phase 0; that of the next lies phase_stride bytes on),
 * a (in_columns pixels), descriptor. A phase has `columns` pixels, those that the row is too short for are `fill`. */
typedef struct {
  int32_t in_columns, columns, step;
  uint32_t fill;
  int64_t phase_stride;
} sparsec_split_row;
void SPARSEC_STEP(split_row)(const void* const* pointers, int64_t tiles);

/* The decoded tensor of one anchor of one level, from its planes (see sparsec_level and Decode in compiler/ir/op.h): a
 * tile is one row of cells, all 5 + classes columns of each. The row's number enters the result: it is (out - origin) /
 * (columns * channels * 4). pointers: out (the tile's first cell), planes (the same cell of the anchor's channel 0),
 * origin (out at row 0, stride 0), descriptor. */
typedef struct {
  int32_t columns, channels; /* cells in a row; 5 + classes */
  int64_t plane_stride;      /* bytes from channel to channel */
  int64_t column_stride;     /* bytes from cell to cell: 4 in planes */
  float stride, anchor_width, anchor_height;
  uint32_t sigmoid_done;
} sparsec_decode_row;
void SPARSEC_STEP(decode_row)(const void* const* pointers, int64_t tiles);

/* The letterboxed picture in the layout that the first layer reads, in place of the network's input and of the steps
 * that quantise it and take it apart. Pixel (y, x) belongs to phase (y % phase_rows) * phase_columns + x %
 * phase_columns; both sides divide. A tile is one row of every phase. pointers: out (the tile's first pixel in phase
 * 0), origin (out at row 0, stride 0), the picture (space SPARSEC_PICTURE), descriptor. */
typedef struct {
  uint32_t type; /* SPARSEC_U8 or SPARSEC_F32: of an element */
  uint32_t
      lanes; /* 1: U8, a plane a phase, a pixel is the bytes R, G, B, 0; 0: a plane a phase and channel, RGB inside */
  int32_t rows, columns; /* of the network's input */
  int32_t phase_rows, phase_columns;
  int64_t plane_stride; /* bytes from plane to plane */
  uint32_t identity;    /* 1: byte[v] is v */
  uint8_t byte[256];    /* U8: what a pixel's value v is stored as */
  float value[256];     /* F32: the same */
} sparsec_letterbox;
void SPARSEC_STEP(letterbox)(const void* const* pointers, int64_t tiles);

#ifdef __cplusplus
}
#endif
#endif
