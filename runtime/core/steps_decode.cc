// The decoded tensor from the head's planes: sigmoid, boxes to pixels, and the turn from planes to cells.
//
// Blocks of 32 cells, so that the lines which a block writes stay in L1 while channel after channel is added to them.
// Four channels of four cells are turned in registers and stored as four vectors. Channels that only need to be moved
// are turned right from the planes; the others are computed side by side in a buffer first. Per cell:
// xy = ((2p - 0.5) + cell) * stride, wh = ((2p) * (2p)) * anchor, objectness and classes p, in exactly this order of
// float32 operations.
#include "runtime/core/fused.h"
#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

constexpr int kBlock = 32;

typedef float Vector __attribute__((vector_size(16)));

// out[x][c] = in[c][x] for four channels and four cells; pitches in bytes.
SPARSEC_INLINE void turn_4x4(char* out, int64_t out_pitch, const char* in, int64_t in_pitch) {
  const Vector a = load<Vector>(in), b = load<Vector>(in + in_pitch);
  const Vector c = load<Vector>(in + 2 * in_pitch), d = load<Vector>(in + 3 * in_pitch);
  const Vector ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vector cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store<Vector>(out, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store<Vector>(out + out_pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store<Vector>(out + 2 * out_pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store<Vector>(out + 3 * out_pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

// The same for up to four channels and any number of cells.
SPARSEC_INLINE void turn(char* out, int64_t out_pitch, const char* in, int64_t in_pitch, int channels, int cells) {
  int x = 0;
  if (channels == 4) {
    for (; x + 4 <= cells; x += 4) turn_4x4(out + x * out_pitch, out_pitch, in + 4 * x, in_pitch);
  }
  for (; x < cells; ++x) {
    for (int c = 0; c < channels; ++c)
      store<float>(out + x * out_pitch + 4 * c, load<float>(in + c * in_pitch + 4 * x));
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

// What channel c makes of its probabilities; column: of the block's first cell.
SPARSEC_INLINE void apply(const sparsec_decode_row& d, int c, int column, int row, int n, float* p) {
  if (c == 0) {
    for (int i = 0; i < n; ++i) p[i] = (p[i] * 2.0f - 0.5f + float(column + i)) * d.stride;
  } else if (c == 1) {
    for (int i = 0; i < n; ++i) p[i] = (p[i] * 2.0f - 0.5f + float(row)) * d.stride;
  } else if (c < 4) {
    const float anchor = c == 2 ? d.anchor_width : d.anchor_height;
    for (int i = 0; i < n; ++i) p[i] = (p[i] * 2.0f) * (p[i] * 2.0f) * anchor;
  }
}

// Asks for memory that is used soon: neither the planes nor the turned cells come in an order that a cache foresees.
SPARSEC_INLINE void fetch(const char* at, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i);
}

SPARSEC_INLINE void decode_row(const sparsec_decode_row& d, char* out, const char* planes, int row) {
  const int64_t pitch = 4 * int64_t(d.channels);
  for (int column = 0; column < d.columns; column += kBlock) {
    const int n = d.columns - column < kBlock ? d.columns - column : kBlock;
    const char* in = planes + column * d.column_stride;
    char* to = out + column * pitch;
    for (int c = 0; c < d.channels; c += 4) {
      const int m = d.channels - c < 4 ? d.channels - c : 4;
      for (int j = c + 4; j < c + 8 && j < d.channels; ++j)
        fetch(in + j * d.plane_stride, int64_t{n} * d.column_stride);
      fetch(to + n * pitch + c * n * 4, int64_t{n} * 16);  // the next cells' share of it
      const char* ready = in + c * d.plane_stride;
      int64_t ready_pitch = d.plane_stride;
      float p[4][kBlock];
      if (c == 0 || !d.sigmoid_done || d.column_stride != 4) {
        for (int j = 0; j < m; ++j) {
          read_channel(d, in + (c + j) * d.plane_stride, n, p[j]);
          if (c == 0) apply(d, j, column, row, n, p[j]);
        }
        ready = reinterpret_cast<const char*>(p);
        ready_pitch = sizeof p[0];
      }
      turn(to + 4 * c, pitch, ready, ready_pitch, m, n);
    }
  }
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" void SPARSEC_STEP(decode_row)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_decode_row*>(pointers[3]);
  const char* origin = static_cast<const char*>(pointers[2]);
  const auto rows = [&]() SPARSEC_INLINE_LAMBDA {
    for (int64_t tile = 0; tile < tiles; ++tile) {
      char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
      const char* planes = static_cast<const char*>(pointers[1]) + tile * tile_stride(pointers, 1);
      const int64_t row = (out - origin) / (int64_t(d.columns) * d.channels * 4);
      decode_row(d, out, planes, int(row));
    }
  };
  run_fused(rows);
}
