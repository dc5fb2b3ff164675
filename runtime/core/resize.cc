// The arithmetic of OpenCV's fixed-point path. The shift by 4 leaves 16 bits, so rows are kept as int16 and the second
// interpolation is two multiplications. Going down the picture a source row is interpolated once: two of them are
// remembered.
//
// The loops over pixels stand here twice: as what they mean, and in the vectors that every x86-64 has. Vectors load
// eight bytes where a pixel pair has six, so the last pixels of a row, whose load would leave it, take the plain loop.
#include "runtime/core/resize.h"

#include <cstring>

#include "runtime/core/nest.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

int32_t within(int32_t i, int32_t size) { return i < 0 ? 0 : i >= size ? size - 1 : i; }

#if defined(__SSE2__)

__m128i load8(const uint8_t* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); }
__m128i load16(const int16_t* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }
__m128i only_rgb(__m128i lanes) { return _mm_and_si128(lanes, _mm_set1_epi32(0x00ffffff)); }

// One pixel, interpolated along x: three int32, and one of no meaning.
SPARSEC_INLINE __m128i between(const uint8_t* row, const Column& c) {
  const __m128i zero = _mm_setzero_si128(), left = load8(row + c.left), right = _mm_srli_epi64(left, 24);
  const __m128i pairs = _mm_unpacklo_epi8(_mm_unpacklo_epi8(left, right), zero);
  const __m128i weights = _mm_set1_epi32(int32_t(load<uint32_t>(reinterpret_cast<const char*>(c.weight))));
  return _mm_srai_epi32(_mm_madd_epi16(pairs, weights), 4);
}

// How many pixels were done. The fourth element of each has no meaning.
int32_t interpolate_vectors(const Resize& r, const uint8_t* row, int16_t* out) {
  const int32_t last_load = 3 * r.columns - 8;
  int32_t x = 0;
  for (; x + 2 <= r.out_columns && r.column[x + 1].left <= last_load; x += 2) {
    const __m128i two = _mm_packs_epi32(between(row, r.column[x]), between(row, r.column[x + 1]));
    _mm_store_si128(reinterpret_cast<__m128i*>(out + 4 * x), two);
  }
  return x;
}

// Two rows into one of bytes; whole vectors, the fourth byte of each pixel 0.
void weigh_rows(const int16_t* a, const int16_t* b, int16_t w0, int16_t w1, int32_t columns, uint8_t* out) {
  const __m128i v0 = _mm_set1_epi16(w0), v1 = _mm_set1_epi16(w1), two = _mm_set1_epi16(2);
  const auto half = [&](int32_t i) {
    const __m128i sum = _mm_add_epi16(_mm_mulhi_epi16(load16(a + i), v0), _mm_mulhi_epi16(load16(b + i), v1));
    return _mm_srai_epi16(_mm_add_epi16(sum, two), 2);
  };
  for (int32_t i = 0; i < 4 * columns; i += 16) {
    const __m128i lanes = only_rgb(_mm_packus_epi16(half(i), half(i + 8)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), lanes);
  }
}

// How many pixels of half the size were done; a, b: the two source rows.
int32_t halve_vectors(const uint8_t* a, const uint8_t* b, int32_t out_columns, uint8_t* out) {
  const __m128i zero = _mm_setzero_si128(), two = _mm_set1_epi16(2);
  const auto sum_of_four = [&](int32_t x) {
    const __m128i rows =
        _mm_add_epi16(_mm_unpacklo_epi8(load8(a + 6 * x), zero), _mm_unpacklo_epi8(load8(b + 6 * x), zero));
    return _mm_add_epi16(rows, _mm_srli_si128(rows, 6));
  };
  int32_t x = 0;
  for (; x + 3 <= out_columns; x += 2) {  // the pixel before the last one's two reads into the last one's
    const __m128i sums = _mm_unpacklo_epi64(sum_of_four(x), sum_of_four(x + 1));
    const __m128i means = _mm_srli_epi16(_mm_add_epi16(sums, two), 2);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 4 * x), only_rgb(_mm_packus_epi16(means, means)));
  }
  return x;
}

#else

int32_t interpolate_vectors(const Resize&, const uint8_t*, int16_t*) { return 0; }
int32_t halve_vectors(const uint8_t*, const uint8_t*, int32_t, uint8_t*) { return 0; }
void weigh_rows(const int16_t* a, const int16_t* b, int16_t w0, int16_t w1, int32_t columns, uint8_t* out) {
  for (int32_t i = 0; i < 4 * columns; ++i) {
    const int32_t sum = ((int32_t(a[i]) * w0) >> 16) + ((int32_t(b[i]) * w1) >> 16);
    out[i] = uint8_t((sum + 2) >> 2);
  }
}

#endif

void interpolate_columns(const Resize& r, int32_t source_row, int16_t* out) {
  const uint8_t* row = r.pixels + source_row * r.row_bytes;
  for (int32_t x = interpolate_vectors(r, row, out); x < r.out_columns; ++x) {
    const Column& c = r.column[x];
    const uint8_t *a = row + c.left, *b = c.left + 3 < 3 * r.columns ? a + 3 : a;
    for (int k = 0; k < 3; ++k) out[4 * x + k] = int16_t((a[k] * c.weight[0] + b[k] * c.weight[1]) >> 4);
    out[4 * x + 3] = 0;
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
  for (int32_t x = halve_vectors(a, b, r.out_columns, out); x < r.out_columns; ++x) {
    const int32_t i = 6 * x;
    for (int c = 0; c < 3; ++c) out[4 * x + c] = uint8_t((a[i + c] + a[i + c + 3] + b[i + c] + b[i + c + 3] + 2) >> 2);
    out[4 * x + 3] = 0;
  }
}

// Three bytes a pixel to four.
void spread_row(const uint8_t* rgb, int32_t columns, uint8_t* out) {
  int32_t x = 0;
  for (; x + 1 < columns; ++x) {
    const uint32_t pixel = load<uint32_t>(reinterpret_cast<const char*>(rgb) + 3 * int64_t(x));
    store<uint32_t>(reinterpret_cast<char*>(out) + 4 * int64_t(x), pixel & 0x00ffffffu);
  }
  memcpy(out + 4 * int64_t(x), rgb + 3 * int64_t(x), 3);  // the load above would leave the row
  out[4 * int64_t(x) + 3] = 0;
}

}  // namespace

void prepare_columns(int32_t columns, int32_t out_columns, Column* column) {
  const double scale = scale_of(columns, out_columns);
  for (int32_t x = 0; x < out_columns; ++x) {
    Place p = place(x, scale);
    if (p.at < 0) p = {0, 0};
    if (p.at >= columns - 1) p = {columns - 1, 0};
    column[x] = {3 * p.at, {weight(1.0f - p.fraction), weight(p.fraction)}};
  }
}

void resize_row(const Resize& r, int32_t y, RowCache& cache, uint8_t* lanes) {
  if (r.rows == r.out_rows && r.columns == r.out_columns) {
    return spread_row(r.pixels + y * r.row_bytes, r.columns, lanes);
  }
  if (r.rows == 2 * r.out_rows && r.columns == 2 * r.out_columns) return halve_row(r, y, lanes);
  const Place p = place(y, scale_of(r.rows, r.out_rows));
  const int32_t first = within(p.at, r.rows), second = within(p.at + 1, r.rows);
  const int16_t* a = interpolated(r, first, second, cache);
  const int16_t* b = interpolated(r, second, first, cache);
  weigh_rows(a, b, weight(1.0f - p.fraction), weight(p.fraction), r.out_columns, lanes);
}

}  // namespace sparsec::rt
