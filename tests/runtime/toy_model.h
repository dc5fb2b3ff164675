// A detector whose tables are written by hand: 3x32x48 in, one level of 4x6 cells, one anchor of 16x16 pixels, two
// classes. A cell's objectness is the red of its upper left pixel, its classes are green and blue; its box lies at its
// centre.
#pragma once

#include "sparsec/abi.h"

namespace toy_tables {

inline constexpr int kRows = 32, kColumns = 48, kCellRows = 4, kCellColumns = 6, kClasses = 2, kChannels = 5 + kClasses;
inline constexpr int kInputFloats = 3 * kRows * kColumns, kOutputFloats = kCellRows * kCellColumns * kChannels;

// The same with two pictures per run; with the head in an output of the model, as logits; and with no head but the
// decoded output.
extern const sparsec_model kBatchOfTwo, kHeadInOutput, kRowsInOutput, kBatchOfRows;

}  // namespace toy_tables

extern "C" const sparsec_model toy_model;
