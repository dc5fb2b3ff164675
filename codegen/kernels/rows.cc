// Loops over the vectors of a row. Where a row is no whole number of vectors, the last one reaches back over the one
// before it: the same pixels are written twice, and none beyond the row.
#include "codegen/kernels/rows.h"

#include "codegen/kernels/constants.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int kIn = 0, kOut = 1;  // kPoolPointer is 2

constexpr int64_t kFar = 8192;  // bytes that the picture is asked for ahead: two pages

// Turns vectors of `channels` f32 planes into pixels, four bytes each.
class Quantiser {
 public:
  // Registers from `first_constant` on are free for constants.
  Quantiser(const Isa& isa, Builder& b, WordPool& pool, Quant quant, const std::optional<HalfReciprocal>& reciprocal,
            int channels, int64_t in_plane_bytes, int first_constant)
      : isa_(isa),
        b_(b),
        constants_(b, pool, isa, first_constant, isa.registers),
        quant_(quant),
        reciprocal_(reciprocal),
        channels_(channels),
        in_plane_bytes_(in_plane_bytes),
        before_(b.place()) {
    SPARSEC_CHECK(channels >= 1 && channels <= 4 && fits_quantise_rows(quant), "a quantiser of rows");
  }

  // v[d] = those at `at` bytes from the input's pointer on. Writes registers 0 to 5 and d, which may be one of them.
  static constexpr int kRegisters = 6;
  void read(int d, int64_t at) {
    for (int j = 0; j < 4; ++j) {
      if (j >= channels_) {
        constants_.copy(j, quant_.zero_point);
        continue;
      }
      const Mem from{kIn, j * in_plane_bytes_ + at};
      b_.load(j, from);
      if (has_text(isa_, Opcode::prefetch)) b_.ask_for({kIn, from.offset + kFar}, isa_.vector_bytes());
      reciprocal_ ? multiply(j) : divide(j);
      b_.three(Opcode::add_i32, j, j, constant(quant_.zero_point));
    }
    b_.pack(Opcode::pack, d, 0, 1, 2, 3);
  }
  // At the end: where constants are in registers, they are loaded before the first instruction.
  void load_constants() { constants_.load_at(before_); }

 private:
  static constexpr int kFree = 4, kSpare = 5;
  template <typename T>
  int constant(T c) {
    return constants_.in_register(kSpare, c);
  }

  // v[x] = int32(v[x] / scale): halved steps, doubled. One min more and to_int saturates where bytes have long done so
  // (below, INT32_MIN does). The limit leaves room for the zero point.
  void divide(int x) {
    constexpr float kHalfSteps = 524288;
    b_.three(Opcode::div, x, x, constant(2 * quant_.scale));
    twice_within(x, kHalfSteps);
    b_.three(Opcode::min, x, x, constant(2 * kHalfSteps));
    b_.two(Opcode::to_int, x, x);
  }
  // The same by products: the number is doubled and kept where bytes have long saturated, for an infinity times `low`
  // may be one of the other sign.
  void multiply(int x) {
    const float limit = 1024 * quant_.scale;
    twice_within(x, limit);
    b_.three(Opcode::min, x, x, constant(2 * limit));
    b_.three(Opcode::max, x, x, constant(-2 * limit));
    constants_.mul(kFree, x, reciprocal_->low);
    constants_.fma(kFree, x, reciprocal_->high);
    b_.two(Opcode::to_int, x, kFree);
  }
  // With h half of a number, min(h, limit) + max(h, -limit) is 2h within the limits, goes on growing beyond them, and
  // is 0 for NaN, of which min and max take the limits.
  void twice_within(int x, float limit) {
    b_.three(Opcode::min, kFree, x, constant(limit));
    b_.three(Opcode::max, x, x, constant(-limit));
    b_.three(Opcode::add, x, x, kFree);
  }

  const Isa& isa_;
  Builder& b_;
  Constants constants_;
  const Quant quant_;
  const std::optional<HalfReciprocal> reciprocal_;
  const int channels_;
  const int64_t in_plane_bytes_;
  const size_t before_;
};

// Takes vectors of pixels apart, which read(d, i) writes into register d (and into 0 to 5 what it likes).
constexpr int kSplitRegisters = 9;
template <typename Read>
void split(Builder& b, int64_t step, int64_t phase_bytes, int64_t at, Read read) {
  const auto store = [&](Opcode lanes, int64_t phase, int d, int first, int second) {
    b.three(lanes, d, first, second);
    b.store({kOut, phase * phase_bytes + at}, d);
  };
  read(6, 0);
  read(7, 1);
  if (step == 2) {
    store(Opcode::even_lanes, 0, 0, 6, 7);
    store(Opcode::odd_lanes, 1, 1, 6, 7);
    return;
  }
  const int even = 8, odd = 6;
  b.three(Opcode::even_lanes, even, 6, 7);
  b.three(Opcode::odd_lanes, odd, 6, 7);
  read(7, 2);
  read(0, 3);
  b.three(Opcode::even_lanes, 1, 7, 0);
  b.three(Opcode::odd_lanes, 2, 7, 0);
  store(Opcode::even_lanes, 0, 3, even, 1);
  store(Opcode::even_lanes, 1, 4, odd, 2);
  store(Opcode::odd_lanes, 2, 0, even, 1);
  store(Opcode::odd_lanes, 3, 7, odd, 2);
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

kir::Function lower_quantise_rows(const Isa& isa, Quant quant, const std::optional<HalfReciprocal>& reciprocal,
                                  int channels, int64_t cols, int64_t in_plane_bytes, int64_t out_pitch_bytes,
                                  WordPool& pool, std::string name, std::string comment) {
  SPARSEC_CHECK(cols % isa.lanes == 0, name);
  Builder b(std::move(name), std::move(comment), 3);
  Quantiser quantiser(isa, b, pool, quant, reciprocal, channels, in_plane_bytes, Quantiser::kRegisters);
  const int64_t vectors = cols / isa.lanes;
  b.loop_tiles();
  if (vectors > 1) b.loop(vectors);
  quantiser.read(0, 0);
  b.store({kOut, 0}, 0);
  b.advance(kIn, isa.vector_bytes());
  b.advance(kOut, isa.vector_bytes());
  if (vectors > 1) b.end();
  b.advance(kOut, out_pitch_bytes - cols * 4);
  b.end();
  quantiser.load_constants();
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

kir::Function lower_quantise_phases(const Isa& isa, Quant quant, const std::optional<HalfReciprocal>& reciprocal,
                                    int channels, int64_t in_plane_bytes, const PhaseRows& g, WordPool& pool,
                                    std::string name, std::string comment) {
  SPARSEC_CHECK(fits_phases(isa, g.step, g.step * g.cols) && g.filled >= g.cols, name);
  Builder b(std::move(name), std::move(comment), 3);
  Quantiser quantiser(isa, b, pool, quant, reciprocal, channels, in_plane_bytes, kSplitRegisters);
  split_rows(b, isa, g, pool, [&](int d, int64_t at) { quantiser.read(d, at); });
  quantiser.load_constants();
  return b.finish();
}

}  // namespace sparsec::kernels
