// The arithmetic of OpenCV's fixed-point path. The shift by 4 leaves 16 bits, so rows are kept as int16 and the second
// interpolation is two multiplications that vectorise. Going down the picture a source row is interpolated once: two of
// them are remembered.
#include "runtime/core/resize.h"

#include <cstring>

namespace sparsec::rt {
namespace {

// A position between two source pixels: the first one, and how far towards the next.
struct Place {
  int32_t at;
  float fraction;
};
Place place(int32_t i, double scale) {
  const float f = float((i + 0.5) * scale - 0.5);
  const int32_t at = int32_t(__builtin_floorf(f));
  return {at, f - float(at)};
}
double scale_of(int32_t in, int32_t out) { return 1.0 / (double(out) / in); }

int16_t weight(float f) { return int16_t(__builtin_nearbyintf(f * 2048.0f)); }

void interpolate_columns(const Resize& r, int32_t source_row, int16_t* out) {
  const uint8_t* row = r.pixels + source_row * r.row_bytes;
  for (int32_t x = 0; x < r.out_columns; ++x, out += 3) {
    const Column& c = r.column[x];
    const int32_t w0 = c.weight[0], w1 = c.weight[1];
    const uint8_t *a = row + c.left, *b = row + c.right;
    out[0] = int16_t((a[0] * w0 + b[0] * w1) >> 4);
    out[1] = int16_t((a[1] * w0 + b[1] * w1) >> 4);
    out[2] = int16_t((a[2] * w0 + b[2] * w1) >> 4);
  }
}

// The source row, interpolated along x: from the cache, or made in the place of the one that is not `keep`.
const int16_t* interpolated(const Resize& r, int32_t source_row, int32_t keep, RowCache& cache) {
  for (int i = 0; i < 2; ++i) {
    if (cache.source[i] == source_row) return cache.row[i];
  }
  const int i = cache.source[0] == keep ? 1 : 0;
  interpolate_columns(r, source_row, cache.row[i]);
  cache.source[i] = source_row;
  return cache.row[i];
}

void halve_row(const Resize& r, int32_t y, uint8_t* out) {
  const uint8_t* a = r.pixels + 2 * y * r.row_bytes;
  const uint8_t* b = a + r.row_bytes;
  for (int32_t x = 0; x < r.out_columns; ++x, a += 6, b += 6, out += 3) {
    for (int c = 0; c < 3; ++c) out[c] = uint8_t((a[c] + a[c + 3] + b[c] + b[c + 3] + 2) >> 2);
  }
}

int32_t within(int32_t i, int32_t size) { return i < 0 ? 0 : i >= size ? size - 1 : i; }

}  // namespace

void prepare_columns(int32_t columns, int32_t out_columns, Column* column) {
  const double scale = scale_of(columns, out_columns);
  for (int32_t x = 0; x < out_columns; ++x) {
    Place p = place(x, scale);
    if (p.at < 0) p = {0, 0};
    if (p.at >= columns - 1) p = {columns - 1, 0};
    column[x] = {3 * p.at, 3 * within(p.at + 1, columns), {weight(1.0f - p.fraction), weight(p.fraction)}};
  }
}

void resize_row(const Resize& r, int32_t y, RowCache& cache, uint8_t* out) {
  if (r.rows == r.out_rows && r.columns == r.out_columns) {
    memcpy(out, r.pixels + y * r.row_bytes, size_t(r.columns) * 3);
    return;
  }
  if (r.rows == 2 * r.out_rows && r.columns == 2 * r.out_columns) return halve_row(r, y, out);
  const Place p = place(y, scale_of(r.rows, r.out_rows));
  const int32_t first = within(p.at, r.rows), second = within(p.at + 1, r.rows);
  const int16_t* a = interpolated(r, first, second, cache);
  const int16_t* b = interpolated(r, second, first, cache);
  const int16_t w0 = weight(1.0f - p.fraction), w1 = weight(p.fraction);
  const int32_t n = 3 * r.out_columns;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t sum = ((int32_t(a[i]) * w0) >> 16) + ((int32_t(b[i]) * w1) >> 16);
    out[i] = uint8_t((sum + 2) >> 2);
  }
}

}  // namespace sparsec::rt
