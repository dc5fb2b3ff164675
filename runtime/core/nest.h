// Loop nests of the ready-made steps: the descriptor's loops inside the loop over tiles, with neighbouring loops joined
// where they can be.
//
// Two loops join when for every operand the outer stride is the inner one times the inner count. What is left is walked
// by an odometer; the body gets the innermost loop whole, so that it can be a memcpy or a vector loop.
#pragma once

#include <cstdint>

#include "runtime/core/numerics.h"
#include "runtime/core/steps.h"

namespace sparsec::rt {

// Memory access that assumes no alignment and no type.
using f32 __attribute__((may_alias, aligned(1))) = float;
using u32 __attribute__((may_alias, aligned(1))) = uint32_t;
using i32 __attribute__((may_alias, aligned(1))) = int32_t;
using u64 __attribute__((may_alias, aligned(1))) = uint64_t;
using i64 __attribute__((may_alias, aligned(1))) = int64_t;

template <class T>
SPARSEC_INLINE T load(const char* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}
template <class T>
SPARSEC_INLINE void store(char* p, T value) {
  __builtin_memcpy(p, &value, sizeof value);
}

// How far pointer i of a step moves from tile to tile.
SPARSEC_INLINE int64_t tile_stride(const void* const* pointers, int i) {
  return int64_t(intptr_t(pointers[SPARSEC_MAX_POINTERS + i]));
}

struct Nest {
  static constexpr int kMost = SPARSEC_LOOP_RANK + 1;
  int rank = 0;
  int64_t count[kMost];
  int64_t stride[3][kMost];  // of the output and up to two inputs

  // Adds a loop outside those there are (so: innermost first).
  SPARSEC_INLINE void wrap(int64_t n, int64_t out, int64_t a, int64_t b) {
    if (n == 1) return;
    if (rank > 0) {
      const int in = rank - 1;
      if (out == stride[0][in] * count[in] && a == stride[1][in] * count[in] && b == stride[2][in] * count[in]) {
        count[in] *= n;
        return;
      }
    }
    count[rank] = n;
    stride[0][rank] = out;
    stride[1][rank] = a;
    stride[2][rank] = b;
    ++rank;
  }
};

// From a step's pointers (out, a, b as far as `inputs` says) and its descriptor.
inline Nest nest_of(const sparsec_loop& loop, const void* const* pointers, int64_t tiles, int inputs) {
  Nest nest;
  for (int i = loop.rank - 1; i >= 0; --i) {
    nest.wrap(loop.shape[i], loop.out[i], inputs > 0 ? loop.a[i] : 0, inputs > 1 ? loop.b[i] : 0);
  }
  nest.wrap(tiles, tile_stride(pointers, 0), inputs > 0 ? tile_stride(pointers, 1) : 0,
            inputs > 1 ? tile_stride(pointers, 2) : 0);
  return nest;
}

// body(out, a, b, count, out stride, a stride, b stride) for each innermost loop.
template <class Body>
SPARSEC_INLINE void walk(const Nest& nest, char* out, const char* a, const char* b, const Body& body) {
  int64_t index[Nest::kMost] = {};
  for (int i = 0; i < nest.rank; ++i) {
    if (nest.count[i] <= 0) return;
  }
  if (nest.rank == 0) return body(out, a, b, int64_t{1}, int64_t{0}, int64_t{0}, int64_t{0});
  for (;;) {
    body(out, a, b, nest.count[0], nest.stride[0][0], nest.stride[1][0], nest.stride[2][0]);
    int i = 1;
    for (; i < nest.rank; ++i) {
      out += nest.stride[0][i];
      a += nest.stride[1][i];
      b += nest.stride[2][i];
      if (++index[i] < nest.count[i]) break;
      out -= nest.stride[0][i] * nest.count[i];
      a -= nest.stride[1][i] * nest.count[i];
      b -= nest.stride[2][i] * nest.count[i];
      index[i] = 0;
    }
    if (i == nest.rank) return;
  }
}

}  // namespace sparsec::rt
