// Kernels whose tile is a row of the picture, or as many rows as a step of space-to-depth takes: quantisers of plain
// rows, and rows taken apart into phases.
//
// Pixel x of a row is pixel x / step of its phase x % step. Two vectors of pixels give a vector of even pixels and one
// of odd pixels; for four phases this is done twice.
#pragma once

#include <optional>

#include "codegen/kernels/builder.h"
#include "compiler/ir/op.h"

namespace sparsec::kernels {

// x / scale as fma(2x, high, 2x * low), where that gives the same byte (compiler/plan/by_products.h).
struct HalfReciprocal {
  float high, low;
};

// Rows of `channels` (1 to 4) unpadded f32 planes -> one u8 plane. cols must be a multiple of the lanes. Pointers:
// input (of the first channel; rows follow at cols * 4 bytes, channels at in_plane_bytes), output (rows follow at
// out_pitch_bytes), pool(2). Absent channels get the zero point. Out of range saturates, NaN is the zero point, as in
// the oracle. Any scale below 1e38 fits. Divides, or multiplies where there is a reciprocal. Asks for the picture
// ahead: it is the caller's, and the CPU's own prefetchers stop at pages.
bool fits_quantise_rows(Quant quant);
kir::Function lower_quantise_rows(const Isa& isa, Quant quant, const std::optional<HalfReciprocal>& reciprocal,
                                  int channels, int64_t cols, int64_t in_plane_bytes, int64_t out_pitch_bytes,
                                  WordPool& pool, std::string name, std::string comment);

// Rows of 32-bit pixels and where their phases go. A tile is `rows` rows of the input, each of which is taken apart
// into `step` phases, and one row of each of the rows * step phases.
struct PhaseRows {
  int64_t rows = 0, step = 0;
  int64_t cols = 0;    // of a phase; the input has step times as many
  int64_t filled = 0;  // so far a row of a phase is written: what lies behind its pixels becomes `fill`
  uint32_t fill = 0;
  int64_t in_pitch_bytes = 0, out_pitch_bytes = 0;
  int64_t phase_bytes = 0;  // from phase to phase: those of the first row, then of the next
};
// Nothing is written but these rows, so a phase must have a vector of pixels at least.
bool fits_phases(const Isa& isa, int64_t step, int64_t in_cols);

// Pointers: input, output (phase 0), pool(2).
kir::Function lower_split_rows(const Isa& isa, const PhaseRows& rows, WordPool& pool, std::string name,
                               std::string comment);

// The same of unpadded f32 rows, quantised as they are read: in_pitch_bytes is that of the rows, and pixels are of
// `channels` (1 to 4) planes, as in lower_quantise_rows.
kir::Function lower_quantise_phases(const Isa& isa, Quant quant, const std::optional<HalfReciprocal>& reciprocal,
                                    int channels, int64_t in_plane_bytes, const PhaseRows& rows, WordPool& pool,
                                    std::string name, std::string comment);

}  // namespace sparsec::kernels
