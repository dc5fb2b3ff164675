// The decoded tensor from the head's planes: sigmoid, boxes to pixels, and the turn from planes to cells.
//
// Blocks of 16 cells: the lines that a block writes stay in L1 while channel after channel is added to them. Four
// channels of four cells are turned in registers and stored as four vectors, right from the planes where those hold
// probabilities; with vectors of eight, eight channels as two times four side by side. Per cell: xy = ((2p - 0.5) +
// cell) * stride, wh = ((2p) * (2p)) * anchor, objectness and classes p, in exactly this order of float32 operations.
#include "runtime/core/fused.h"
#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

constexpr int kBlock = 16, kAhead = 8;  // cells; channels

typedef float Vector __attribute__((vector_size(16)));
typedef float Wide __attribute__((vector_size(32)));

// Four channels of one cell (float), or of four side by side (Vector); of these the next four channels, too (Wide: its
// second half). No array: compilers keep that in memory.
template <class T>
struct Four {
  T a, b, c, d;
};

template <class T>
SPARSEC_INLINE void load_channel(T& channel, const char* in, int64_t) {
  channel = load<T>(in);
}
SPARSEC_INLINE void load_channel(Wide& channel, const char* in, int64_t pitch) {
  channel = __builtin_shufflevector(load<Vector>(in), load<Vector>(in + 4 * pitch), 0, 1, 2, 3, 4, 5, 6, 7);
}
template <class T>
SPARSEC_INLINE void load_four(Four<T>& p, const char* in, int64_t pitch) {
  load_channel(p.a, in, pitch);
  load_channel(p.b, in + pitch, pitch);
  load_channel(p.c, in + 2 * pitch, pitch);
  load_channel(p.d, in + 3 * pitch, pitch);
}

// What the first four channels make of their probabilities. Columns are small: sums of them are exact.
template <class T>
SPARSEC_INLINE void to_pixels(const sparsec_decode_row& d, Four<T>& p, const T& column, float row) {
  p.a = (p.a * 2.0f - 0.5f + column) * d.stride;
  p.b = (p.b * 2.0f - 0.5f + row) * d.stride;
  p.c = (p.c * 2.0f) * (p.c * 2.0f) * d.anchor_width;
  p.d = (p.d * 2.0f) * (p.d * 2.0f) * d.anchor_height;
}

SPARSEC_INLINE void store_cells(char* out, int64_t, const Four<float>& p) {
  store<float>(out, p.a);
  store<float>(out + 4, p.b);
  store<float>(out + 8, p.c);
  store<float>(out + 12, p.d);
}
// The cells are `pitch` bytes apart.
SPARSEC_INLINE void store_cells(char* out, int64_t pitch, const Four<Vector>& p) {
  const Vector ab_low = __builtin_shufflevector(p.a, p.b, 0, 4, 1, 5);
  const Vector ab_high = __builtin_shufflevector(p.a, p.b, 2, 6, 3, 7);
  const Vector cd_low = __builtin_shufflevector(p.c, p.d, 0, 4, 1, 5);
  const Vector cd_high = __builtin_shufflevector(p.c, p.d, 2, 6, 3, 7);
  store<Vector>(out, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store<Vector>(out + pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store<Vector>(out + 2 * pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store<Vector>(out + 3 * pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}
SPARSEC_INLINE void store_wide(char* out, const Wide& p) { __builtin_memcpy(out, &p, sizeof p); }
SPARSEC_INLINE void store_cells(char* out, int64_t pitch, const Four<Wide>& p) {
  const Wide ab_low = __builtin_shufflevector(p.a, p.b, 0, 8, 1, 9, 4, 12, 5, 13);
  const Wide ab_high = __builtin_shufflevector(p.a, p.b, 2, 10, 3, 11, 6, 14, 7, 15);
  const Wide cd_low = __builtin_shufflevector(p.c, p.d, 0, 8, 1, 9, 4, 12, 5, 13);
  const Wide cd_high = __builtin_shufflevector(p.c, p.d, 2, 10, 3, 11, 6, 14, 7, 15);
  store_wide(out, __builtin_shufflevector(ab_low, cd_low, 0, 1, 8, 9, 4, 5, 12, 13));
  store_wide(out + pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 10, 11, 6, 7, 14, 15));
  store_wide(out + 2 * pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 8, 9, 4, 5, 12, 13));
  store_wide(out + 3 * pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 10, 11, 6, 7, 14, 15));
}

// `n` cells of a row, the first in `column`. `in`: channels of probabilities, `in_pitch` bytes apart.
struct Cells {
  int column, row, n;
  char* out;
  int64_t pitch;
  const char* in;
  int64_t in_pitch;
};

// Four channels, at `in` and `out`.
template <bool kBox>
SPARSEC_INLINE void turn_four(const sparsec_decode_row& d, const Cells& cells) {
  int x = 0;
  for (; x + 4 <= cells.n; x += 4) {
    Four<Vector> p;
    load_four(p, cells.in + 4 * x, cells.in_pitch);
    if (kBox) to_pixels(d, p, Vector{0, 1, 2, 3} + float(cells.column + x), float(cells.row));
    store_cells(cells.out + x * cells.pitch, cells.pitch, p);
  }
  for (; x < cells.n; ++x) {
    Four<float> p;
    load_four(p, cells.in + 4 * x, cells.in_pitch);
    if (kBox) to_pixels(d, p, float(cells.column + x), float(cells.row));
    store_cells(cells.out + x * cells.pitch, cells.pitch, p);
  }
}

// Eight channels that are no box.
SPARSEC_INLINE void turn_eight(const sparsec_decode_row& d, const Cells& cells) {
  int x = 0;
  for (; x + 4 <= cells.n; x += 4) {
    Four<Wide> p;
    load_four(p, cells.in + 4 * x, cells.in_pitch);
    store_cells(cells.out + x * cells.pitch, cells.pitch, p);
  }
  for (int c = 0; c < 8; c += 4) {
    turn_four<false>(d, {cells.column, cells.row, cells.n - x, cells.out + x * cells.pitch + 4 * c, cells.pitch,
                         cells.in + c * cells.in_pitch + 4 * x, cells.in_pitch});
  }
}

// The last channels, fewer than four.
SPARSEC_INLINE void turn_few(const Cells& cells, int channels) {
  for (int c = 0; c < channels; ++c) {
    for (int x = 0; x < cells.n; ++x)
      store<float>(cells.out + x * cells.pitch + 4 * c, load<float>(cells.in + c * cells.in_pitch + 4 * x));
  }
}

// One channel of `n` cells, as probabilities.
SPARSEC_INLINE void read_channel(const sparsec_decode_row& d, const char* in, int n, float* p) {
  if (d.column_stride == 4) {
    __builtin_memcpy(p, in, size_t(n) * 4);
  } else {
    for (int i = 0; i < n; ++i) p[i] = load<float>(in + i * d.column_stride);
  }
  if (!d.sigmoid_done) {
    for (int i = 0; i < n; ++i) p[i] = numerics::sigmoid(p[i]);
  }
}

// Asks for memory that is used soon: neither the planes nor the turned cells come in an order that a cache foresees.
SPARSEC_INLINE void fetch(const char* at, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i);
  __builtin_prefetch(at + bytes - 1);  // rows begin anywhere in a line
}

// kWide: with vectors of eight.
template <bool kWide>
SPARSEC_INLINE void decode_row(const sparsec_decode_row& d, char* out, const char* planes, int row) {
  const int64_t pitch = 4 * int64_t(d.channels);
  const bool ready = d.sigmoid_done && d.column_stride == 4;
  for (int column = 0; column < d.columns; column += kBlock) {
    const int n = d.columns - column < kBlock ? d.columns - column : kBlock;
    const char* in = planes + column * d.column_stride;
    char* to = out + column * pitch;
    for (int c = 0, m = 0; c < d.channels; c += m) {
      const int left = d.channels - c;
      const bool eight = kWide && ready && c > 0 && left >= 8;
      m = eight ? 8 : left < 4 ? left : 4;
      for (int j = c + kAhead; j < c + kAhead + m && j < d.channels; ++j)
        fetch(in + j * d.plane_stride, int64_t{n} * d.column_stride);
      fetch(to + n * pitch + c * n * 4, int64_t{n} * m * 4);  // the next cells' share of it
      float p[4][kBlock];
      Cells cells{column, row, n, to + 4 * c, pitch, in + c * d.plane_stride, d.plane_stride};
      if (!ready) {
        for (int j = 0; j < m; ++j) read_channel(d, cells.in + j * d.plane_stride, n, p[j]);
        cells.in = reinterpret_cast<const char*>(p);
        cells.in_pitch = sizeof p[0];
      }
      if (c == 0) {
        turn_four<true>(d, cells);
      } else if (eight) {
        turn_eight(d, cells);
      } else if (m == 4) {
        turn_four<false>(d, cells);
      } else {
        turn_few(cells, m);
      }
    }
  }
}

template <bool kWide>
SPARSEC_INLINE void decode_rows(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_decode_row*>(pointers[3]);
  const char* origin = static_cast<const char*>(pointers[2]);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
    const char* planes = static_cast<const char*>(pointers[1]) + tile * tile_stride(pointers, 1);
    const int64_t row = (out - origin) / (int64_t(d.columns) * d.channels * 4);
    decode_row<kWide>(d, out, planes, int(row));
  }
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" void SPARSEC_STEP(decode_row)(const void* const* pointers, int64_t tiles) {
  run_wide([&]() SPARSEC_INLINE_LAMBDA { decode_rows<true>(pointers, tiles); },
           [&]() SPARSEC_INLINE_LAMBDA { decode_rows<false>(pointers, tiles); });
}
