// One dimension of a convolution's window, over phases instead of pixels.
//
// Tap i of an output row of phase r falls on input row s*Y + o of output row Y of that phase, where o = r + i*d - p
// (stride s, dilation d, padding p before): row Y + floor(o / s) of the input's phase o mod s. Where output rows are
// not taken apart, r is 0.
#pragma once

#include <cstdint>

#include "compiler/passes/rewrite.h"

namespace sparsec::passes {

struct PhasedWindow {
  int64_t stride, pad_before, dilation;  // of the old window
  int64_t first;                         // offset of the new window's first tap, never above 0
  int64_t kernel, new_before, new_after;

  // `size` rows in, as pixels have them; `out` rows, and `out_phases` phases of each.
  PhasedWindow(int64_t size, int64_t out, int64_t out_phases, int64_t taps, int64_t s, int64_t d, int64_t before)
      : stride(s), pad_before(before), dilation(d), first(floor_div(-before, s)) {
    const int64_t last = floor_div(out_phases - 1 + (taps - 1) * d - before, s);
    const int64_t new_size = (size + s - 1) / s;
    kernel = last - first + 1;
    new_before = -first;
    new_after = out - 1 + kernel - new_size - new_before;
  }
  // For tap i of output phase r: where it falls in the new window, and on which phase of the input.
  int64_t position(int64_t r, int64_t i) const { return floor_div(offset(r, i), stride) - first; }
  int64_t phase(int64_t r, int64_t i) const { return offset(r, i) - stride * floor_div(offset(r, i), stride); }

 private:
  int64_t offset(int64_t r, int64_t i) const { return r + i * dilation - pad_before; }
};

}  // namespace sparsec::passes
