// Steps that move elements without looking at them: copy, fill, resize, gather_row.
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

// Every kStep-th pixel of a row. With the step known, compilers turn this into loads and shuffles.
template <int kStep>
void gather(char* out, const char* in, int32_t n) {
  for (int32_t i = 0; i < n; ++i) store<uint32_t>(out + 4 * int64_t(i), load<uint32_t>(in + 4 * kStep * int64_t(i)));
}

#if defined(__x86_64__)
// The baseline has shufps, which compilers do not find for the loop above: four even pixels of eight.
template <>
void gather<2>(char* out, const char* in, int32_t n) {
  typedef float Vector __attribute__((vector_size(16)));
  int32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const char* p = in + 8 * int64_t(i);
    // The last vector starts one pixel early, so that nothing is read beyond the last pixel wanted.
    const Vector a = load<Vector>(p), b = load<Vector>(p + 16), c = load<Vector>(p + 32), d = load<Vector>(p + 44);
    store<Vector>(out + 4 * int64_t(i), __builtin_shufflevector(a, b, 0, 2, 4, 6));
    store<Vector>(out + 4 * int64_t(i) + 16, __builtin_shufflevector(c, d, 0, 2, 5, 7));
  }
  for (; i < n; ++i) store<uint32_t>(out + 4 * int64_t(i), load<uint32_t>(in + 8 * int64_t(i)));
}
#endif

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

void SPARSEC_STEP(gather_row)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_gather_row*>(pointers[2]);
  const int32_t present = d.columns - d.missing;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
    const char* in = static_cast<const char*>(pointers[1]) + tile * tile_stride(pointers, 1);
    if (d.step == 2) {
      gather<2>(out, in, present);
    } else if (d.step == 1) {
      memcpy(out, in, size_t(present) * 4);
    } else {
      for (int32_t i = 0; i < present; ++i)
        store<uint32_t>(out + 4 * int64_t(i), load<uint32_t>(in + 4 * int64_t(d.step) * i));
    }
    for (int32_t i = present; i < d.columns; ++i) store<uint32_t>(out + 4 * int64_t(i), d.fill);
  }
}

}  // extern "C"
