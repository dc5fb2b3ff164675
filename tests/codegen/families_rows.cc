// Families that work on whole rows: quantisers, and rows taken apart into phases.
#include <algorithm>

#include "codegen/kernels/rows.h"
#include "tests/codegen/family_maker.h"

namespace sparsec::testing {

using kernels::WordPool;

// Two rows of two vectors; the rows of the output lie further apart.
void FamilyMaker::quantise(const char* name, std::optional<kernels::HalfReciprocal> reciprocal) {
  const Quant q{0.04f, 130};
  const int64_t cols = 2 * isa_.lanes, pitch = (cols + 5) * 4, plane = 1024;
  WordPool pool(kernels::kPoolPointer);
  kir::Function f =
      kernels::lower_quantise_rows(isa_, q, reciprocal, 3, cols, plane, pitch, pool, name, "three channels");
  const int64_t y = new_region();
  sparsec_pointer from = in(kFloats), to = out(y);
  from.stride = cols * 4;
  to.stride = pitch;
  add(std::move(f), {from, to, constants(pool.words())}, 2);
  for (int64_t row = 0; row < 2; ++row)
    for (int64_t c = 0; c < cols; ++c) {
      uint32_t w = uint32_t(q.zero_point) << 24;
      for (int j = 0; j < 3; ++j)
        w |= uint32_t(numerics::clamp_u8(numerics::round_even(real(plane * j + (row * cols + c) * 4) / q.scale) +
                                         q.zero_point))
             << (8 * j);
      expect(y + row * pitch + 4 * c, w);
    }
}

// Two tiles of two rows. Phases have `more` pixels than two vectors, and `sides` behind them; nothing else is
// written.
void FamilyMaker::split_rows(int64_t step, int64_t more, int64_t sides) {
  const int64_t cols = 2 * isa_.lanes + more, in_pitch = (cols * step + 3) * 4, out_pitch = (cols + sides + 2) * 4;
  kernels::PhaseRows rows{.rows = 2,
                          .step = step,
                          .cols = cols,
                          .filled = cols + sides,
                          .fill = 0xabcdef01u,
                          .in_pitch_bytes = in_pitch,
                          .out_pitch_bytes = out_pitch,
                          .phase_bytes = 2 * out_pitch + 4};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_split_rows(isa_, rows, pool, "split_rows_" + std::to_string(step),
                                              "two rows into " + std::to_string(step) + " phases each");
  const int64_t y = new_region();
  sparsec_pointer from = in(0), to = out(y);
  from.stride = 2 * in_pitch;
  to.stride = out_pitch;
  add(std::move(f), {from, to, constants(pool.words())}, 2);
  for (int64_t row = 0; row < 4; ++row)
    for (int64_t phase = 0; phase < step; ++phase)
      for (int64_t x = 0; x < rows.filled; ++x)
        expect(y + (row % 2 * step + phase) * rows.phase_bytes + row / 2 * out_pitch + 4 * x,
               x < cols ? word(row * in_pitch + (x * step + phase) * 4) : rows.fill);
}

// One row into four phases.
void FamilyMaker::quantise_phases(const char* name, std::optional<kernels::HalfReciprocal> reciprocal, int channels) {
  const Quant q{0.04f, 130};
  const int64_t cols = isa_.lanes + 1, plane = 2048;
  const kernels::PhaseRows rows{
      .rows = 1, .step = 4, .cols = cols, .filled = cols + 1, .fill = 0x82828282u, .phase_bytes = 512};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_quantise_phases(isa_, q, reciprocal, channels, plane, rows, pool, name,
                                                   std::to_string(channels) + " channels into four phases");
  const int64_t y = new_region();
  add(std::move(f), {in(kFloats), out(y), constants(pool.words())}, 1);
  for (int64_t phase = 0; phase < 4; ++phase)
    for (int64_t x = 0; x < rows.filled; ++x) {
      uint32_t w = channels < 4 ? uint32_t(q.zero_point) << 24 : 0;
      for (int j = 0; j < channels; ++j)
        w |= uint32_t(numerics::clamp_u8(numerics::round_even(real(plane * j + (4 * x + phase) * 4) / q.scale) +
                                         q.zero_point))
             << (8 * j);
      expect(y + phase * rows.phase_bytes + 4 * x, x < cols ? w : rows.fill);
    }
}

}  // namespace sparsec::testing
