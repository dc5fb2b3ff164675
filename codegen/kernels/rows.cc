// Loops over the vectors of a row. Where a row is no whole number of vectors, the last one reaches back over the one
// before it: the same pixels are written twice, and none beyond the row.
#include "codegen/kernels/rows.h"

#include "codegen/kernels/constants.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int kIn = 0, kOut = 1;  // kPoolPointer is 2

// With h half the number of steps, min(h, limit) + max(h, -limit) is 2h within the limits, goes on growing beyond them,
// and is 0 for NaN, of which min and max take the limits: one min more and to_int saturates where bytes have long done
// so (below, INT32_MIN does). The limit leaves room for the zero point.
constexpr float kHalfSteps = 524288;

// v[d] = a vector of pixels, four bytes each, of `channels` f32 planes. Writes registers 0 to 4 and d, which may be one
// of the first four.
constexpr int kQuantiserRegisters = 5;
void quantise(Builder& b, Constants& constants, Quant quant, int channels, int64_t in_plane_bytes, int64_t at, int d) {
  const int part = 4;
  for (int j = 0; j < 4; ++j) {
    if (j >= channels) {
      constants.copy(j, quant.zero_point);
      continue;
    }
    b.load(j, {kIn, j * in_plane_bytes + at});
    b.three(Opcode::div, j, j, constants.in_register(part, 2 * quant.scale));
    b.three(Opcode::min, part, j, constants.in_register(part, kHalfSteps));
    b.three(Opcode::max, j, j, constants.in_register(part, -kHalfSteps));
    b.three(Opcode::add, j, j, part);
    b.three(Opcode::min, j, j, constants.in_register(part, 2 * kHalfSteps));
    b.two(Opcode::to_int, j, j);
    b.three(Opcode::add_i32, j, j, constants.in_register(part, quant.zero_point));
  }
  b.pack(Opcode::pack, d, 0, 1, 2, 3);
}

// Takes vectors of pixels apart, which read(d, i) writes into register d (and into 0 to 4 what it likes).
constexpr int kSplitRegisters = 8;
template <typename Read>
void split(Builder& b, int64_t step, int64_t phase_bytes, int64_t at, Read read) {
  const auto store = [&](Opcode lanes, int64_t phase, int d, int first, int second) {
    b.three(lanes, d, first, second);
    b.store({kOut, phase * phase_bytes + at}, d);
  };
  const int even = 7, odd = 5;
  read(5, 0);
  read(6, 1);
  if (step == 2) {
    store(Opcode::even_lanes, 0, 0, 5, 6);
    store(Opcode::odd_lanes, 1, 1, 5, 6);
    return;
  }
  b.three(Opcode::even_lanes, even, 5, 6);
  b.three(Opcode::odd_lanes, odd, 5, 6);
  read(6, 2);
  read(0, 3);
  b.three(Opcode::even_lanes, 1, 6, 0);
  b.three(Opcode::odd_lanes, 2, 6, 0);
  store(Opcode::even_lanes, 0, 3, even, 1);
  store(Opcode::even_lanes, 1, 4, odd, 2);
  store(Opcode::odd_lanes, 2, 0, even, 1);
  store(Opcode::odd_lanes, 3, 6, odd, 2);
}

// The loops around split(). read(d, bytes) is told where a vector's pixels are from the input's pointer on.
template <typename Read>
void split_rows(Builder& b, const Isa& isa, const PhaseRows& g, WordPool& pool, Read read) {
  const int64_t vector = isa.vector_bytes(), whole = g.cols / isa.lanes, done = whole * vector;
  b.loop_tiles();
  for (int64_t row = 0; row < g.rows; ++row) {
    const int64_t first_phase = row * g.step * g.phase_bytes;
    // first what lies behind the pixels, by vectors that reach back over some of them
    if (g.filled > g.cols) b.broadcast(0, pool.word(g.fill));
    for (int64_t end = g.filled; end > g.cols; end -= isa.lanes)
      for (int64_t phase = 0; phase < g.step; ++phase)
        b.store({kOut, first_phase + phase * g.phase_bytes + end * 4 - vector}, 0);
    const auto vectors = [&](int64_t in, int64_t out) {
      split(b, g.step, g.phase_bytes, first_phase + out, [&](int d, int64_t i) { read(d, in + i * vector); });
    };
    if (whole > 1) b.loop(whole);
    vectors(0, 0);
    b.advance(kIn, g.step * vector);
    b.advance(kOut, vector);
    if (whole > 1) b.end();
    if (const int64_t last = g.cols * 4 - vector; last + vector > done) vectors(g.step * (last - done), last - done);
    b.advance(kIn, g.in_pitch_bytes - g.step * done);
    b.advance(kOut, (row + 1 < g.rows ? 0 : g.out_pitch_bytes) - done);
  }
  b.end();
}

}  // namespace

bool fits_quantise_rows(Quant quant) { return quant.scale < 1e38f; }  // so that twice the scale is a float

kir::Function lower_quantise_rows(const Isa& isa, Quant quant, int channels, int64_t cols, int64_t in_plane_bytes,
                                  int64_t out_pitch_bytes, WordPool& pool, std::string name, std::string comment) {
  SPARSEC_CHECK(cols % isa.lanes == 0 && channels >= 1 && channels <= 4 && fits_quantise_rows(quant), name);
  Builder b(std::move(name), std::move(comment), 3);
  Constants constants(b, pool, isa, kQuantiserRegisters, isa.registers);
  const size_t before_the_loop = b.place();
  const int64_t vectors = cols / isa.lanes;
  b.loop_tiles();
  if (vectors > 1) b.loop(vectors);
  quantise(b, constants, quant, channels, in_plane_bytes, 0, 0);
  b.store({kOut, 0}, 0);
  b.advance(kIn, isa.vector_bytes());
  b.advance(kOut, isa.vector_bytes());
  if (vectors > 1) b.end();
  b.advance(kOut, out_pitch_bytes - cols * 4);
  b.end();
  constants.load_at(before_the_loop);
  return b.finish();
}

bool fits_phases(const Isa& isa, int64_t step, int64_t in_cols) {
  return (step == 2 || step == 4) && in_cols % step == 0 && in_cols / step >= isa.lanes;
}

kir::Function lower_split_rows(const Isa& isa, const PhaseRows& g, WordPool& pool, std::string name,
                               std::string comment) {
  SPARSEC_CHECK(fits_phases(isa, g.step, g.step * g.cols) && g.filled >= g.cols, name);
  const bool asks = has_text(isa, Opcode::prefetch);
  Builder b(std::move(name), std::move(comment), 3);
  split_rows(b, isa, g, pool, [&](int d, int64_t at) {
    b.load(d, {kIn, at});
    if (asks) b.ask_for({kIn, at + g.in_pitch_bytes}, isa.vector_bytes());
  });
  return b.finish();
}

kir::Function lower_quantise_phases(const Isa& isa, Quant quant, int channels, int64_t in_plane_bytes,
                                    const PhaseRows& g, WordPool& pool, std::string name, std::string comment) {
  SPARSEC_CHECK(fits_phases(isa, g.step, g.step * g.cols) && g.filled >= g.cols && channels >= 1 && channels <= 4 &&
                    fits_quantise_rows(quant),
                name);
  Builder b(std::move(name), std::move(comment), 3);
  Constants constants(b, pool, isa, kSplitRegisters, isa.registers);
  const size_t before_the_loop = b.place();
  split_rows(b, isa, g, pool,
             [&](int d, int64_t at) { quantise(b, constants, quant, channels, in_plane_bytes, at, d); });
  constants.load_at(before_the_loop);
  return b.finish();
}

}  // namespace sparsec::kernels
