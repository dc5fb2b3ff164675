// The decoded tensor from the head's planes: sigmoid, boxes to pixels, and the turn from planes to cells.
//
// Blocks of 64 cells: a channel's values are computed side by side, four channels of four cells are turned in
// registers and stored as four vectors. Per cell: xy = ((2p - 0.5) + cell) * stride, wh = ((2p) * (2p)) * anchor,
// objectness and classes p, in exactly this order of float32 operations.
#include "runtime/core/fused.h"
#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

constexpr int kBlock = 64;

typedef float Vector __attribute__((vector_size(16)));

// out[x][c] = in[c][x] for four channels and four cells.
SPARSEC_INLINE void transpose4(char* out, int64_t pitch, const float (*in)[kBlock], int x) {
  const Vector a = load<Vector>((const char*)&in[0][x]), b = load<Vector>((const char*)&in[1][x]);
  const Vector c = load<Vector>((const char*)&in[2][x]), d = load<Vector>((const char*)&in[3][x]);
  const Vector ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vector cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store<Vector>(out, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store<Vector>(out + pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store<Vector>(out + 2 * pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store<Vector>(out + 3 * pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
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
      float p[4][kBlock];
      for (int j = 0; j < m; ++j) {
        read_channel(d, in + (c + j) * d.plane_stride, n, p[j]);
        if (c == 0) apply(d, j, column, row, n, p[j]);
      }
      int x = 0;
      if (m == 4) {
        for (; x + 4 <= n; x += 4) transpose4(to + x * pitch + 4 * c, pitch, p, x);
      }
      for (; x < n; ++x) {
        for (int j = 0; j < m; ++j) store<float>(to + x * pitch + 4 * (c + j), p[j][x]);
      }
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
