// Steps that move elements without looking at them: copy, fill, resize, repeat, split_row.
#include <cstring>

#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

template <class T>
SPARSEC_INLINE void copy_strided(char* out, const char* a, int64_t n, int64_t so, int64_t sa) {
  constexpr int64_t kSize = sizeof(T);
  if (sa == 0) {
    const T value = load<T>(a);
    if (so == kSize) {
      for (int64_t i = 0; i < n; ++i) store<T>(out + i * kSize, value);
    } else {
      for (int64_t i = 0; i < n; ++i) store<T>(out + i * so, value);
    }
  } else if (so == kSize) {
    for (int64_t i = 0; i < n; ++i) store<T>(out + i * kSize, load<T>(a + i * sa));
  } else if (sa == kSize) {
    for (int64_t i = 0; i < n; ++i) store<T>(out + i * so, load<T>(a + i * kSize));
  } else {
    for (int64_t i = 0; i < n; ++i) store<T>(out + i * so, load<T>(a + i * sa));
  }
}

template <class T>
void copy_nest(const Nest& nest, char* out, const char* a) {
  walk(nest, out, a, nullptr, [](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t) {
    if (so == int64_t(sizeof(T)) && sa == int64_t(sizeof(T))) {
      memcpy(o, x, size_t(n) * sizeof(T));
    } else {
      copy_strided<T>(o, x, n, so, sa);
    }
  });
}

template <class T>
void fill_nest(const Nest& nest, char* out, T value) {
  walk(nest, out, nullptr, nullptr,
       [value](char* o, const char*, const char*, int64_t n, int64_t so, int64_t, int64_t) {
         if (so == int64_t(sizeof(T))) {
           for (int64_t i = 0; i < n; ++i) store<T>(o + i * int64_t(sizeof(T)), value);
         } else {
           for (int64_t i = 0; i < n; ++i) store<T>(o + i * so, value);
         }
       });
}

// Each pixel `times` over.
SPARSEC_INLINE void repeat_pixels(char* out, const char* in, int32_t n, int32_t times) {
  typedef uint32_t Vector __attribute__((vector_size(16)));
  int32_t x = 0;
  for (; times == 2 && x + 4 <= n; x += 4) {
    const Vector v = load<Vector>(in + 4 * int64_t(x));
    store<Vector>(out + 8 * int64_t(x), __builtin_shufflevector(v, v, 0, 0, 1, 1));
    store<Vector>(out + 8 * int64_t(x) + 16, __builtin_shufflevector(v, v, 2, 2, 3, 3));
  }
  for (; x < n; ++x)
    for (int32_t i = 0; i < times; ++i)
      store<uint32_t>(out + 4 * (int64_t{times} * x + i), load<uint32_t>(in + 4 * int64_t(x)));
}

// Pixels of a phase that its row has; the rest are filled.
SPARSEC_INLINE int32_t present(const sparsec_split_row& d, int32_t phase) {
  return (d.in_columns - phase + d.step - 1) / d.step;
}

// Two phases at once: of eight pixels the four even ones and the four odd ones. Asks for the row at `next`, too: rows
// of one parity lie too far apart for caches to foresee.
void split_in_two(const sparsec_split_row& d, char* out, const char* in, const char* next) {
  typedef uint32_t Vector __attribute__((vector_size(16)));
  char* odd = out + d.phase_stride;
  const int32_t pairs = present(d, 1);
  int32_t x = 0;
  for (; x + 4 <= pairs; x += 4) {
    const char* p = in + 8 * int64_t(x);
    if (x % 8 == 0) __builtin_prefetch(next + 8 * int64_t(x));
    const Vector a = load<Vector>(p), b = load<Vector>(p + 16);
    store<Vector>(out + 4 * int64_t(x), __builtin_shufflevector(a, b, 0, 2, 4, 6));
    store<Vector>(odd + 4 * int64_t(x), __builtin_shufflevector(a, b, 1, 3, 5, 7));
  }
  for (; x < pairs; ++x) {
    store<uint32_t>(out + 4 * int64_t(x), load<uint32_t>(in + 8 * int64_t(x)));
    store<uint32_t>(odd + 4 * int64_t(x), load<uint32_t>(in + 8 * int64_t(x) + 4));
  }
  if (x < present(d, 0)) store<uint32_t>(out + 4 * int64_t(x), load<uint32_t>(in + 8 * int64_t(x)));
}

// Any step, phase by phase.
void split(const sparsec_split_row& d, char* out, const char* in) {
  for (int32_t phase = 0; phase < d.step; ++phase) {
    char* to = out + phase * d.phase_stride;
    for (int32_t x = 0, n = present(d, phase); x < n; ++x)
      store<uint32_t>(to + 4 * int64_t(x), load<uint32_t>(in + 4 * (int64_t{d.step} * x + phase)));
  }
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" {

void SPARSEC_STEP(copy)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[2]);
  const Nest nest = nest_of(loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  if (loop.element_bytes == 4) return copy_nest<uint32_t>(nest, out, a);
  if (loop.element_bytes == 1) return copy_nest<uint8_t>(nest, out, a);
  return copy_nest<uint64_t>(nest, out, a);
}

void SPARSEC_STEP(fill)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[1]);
  const Nest nest = nest_of(loop, pointers, tiles, 0);
  char* out = (char*)pointers[0];
  if (loop.element_bytes == 4) return fill_nest<uint32_t>(nest, out, loop.fill);
  return fill_nest<uint8_t>(nest, out, uint8_t(loop.fill));
}

void SPARSEC_STEP(resize)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_resize*>(pointers[2]);
  const int32_t* rows = reinterpret_cast<const int32_t*>(&d + 1);
  const int32_t* columns = rows + d.out_rows;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
    const char* in = static_cast<const char*>(pointers[1]) + tile * tile_stride(pointers, 1);
    for (int32_t y = 0; y < d.out_rows; ++y) {
      char* to = out + y * d.out_pitch;
      if (y > 0 && rows[y] == rows[y - 1]) {
        memcpy(to, to - d.out_pitch, size_t(d.out_columns) * 4);
        continue;
      }
      const char* from = in + rows[y] * d.in_pitch;
      for (int32_t x = 0; x < d.out_columns; ++x)
        store<uint32_t>(to + 4 * int64_t(x), load<uint32_t>(from + 4 * int64_t(columns[x])));
    }
  }
}

void SPARSEC_STEP(repeat)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_repeat*>(pointers[2]);
  for (int32_t plane = 0; plane < d.planes; ++plane) {
    for (int64_t tile = 0; tile < tiles; ++tile) {
      char* out = (char*)pointers[0] + plane * d.out_plane + tile * tile_stride(pointers, 0);
      const char* in = static_cast<const char*>(pointers[1]) + plane * d.in_plane + tile * tile_stride(pointers, 1);
      for (int32_t row = 0; row < d.rows; ++row) repeat_pixels(out + row * d.out_pitch, in, d.in_columns, d.columns);
    }
  }
}

void SPARSEC_STEP(split_row)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_split_row*>(pointers[2]);
  const int64_t from_row_to_row = tile_stride(pointers, 1);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
    const char* in = static_cast<const char*>(pointers[1]) + tile * from_row_to_row;
    if (d.step == 2) {
      split_in_two(d, out, in, tile + 1 < tiles ? in + from_row_to_row : in);
    } else {
      split(d, out, in);
    }
    for (int32_t phase = 0; phase < d.step; ++phase) {
      for (int32_t x = present(d, phase); x < d.columns; ++x)
        store<uint32_t>(out + phase * d.phase_stride + 4 * int64_t(x), d.fill);
    }
  }
}

}  // extern "C"
