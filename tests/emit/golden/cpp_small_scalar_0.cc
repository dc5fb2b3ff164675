// small: kernels for portable code for any CPU
//
//   source   small.onnx
//   sha256   0000000000000000000000000000000000000000000000000000000000000000
//   options  --target by-hand
//   written by sparsec 0.1.0

#include "portable_ops.h"

using namespace sparsec_ops;

// /conv_3
//   1x1x20, 25% of blocks are zero
//   tile: one vector
//   plan: step 0 alone in 1 band; 2 tiles
#pragma GCC visibility push(hidden)
extern "C" void small_scalar_conv_3(const void* const* pointers, int64_t tiles) {
  Pointer p0 = (Pointer)pointers[0];
  Pointer p1 = (Pointer)pointers[1];
  Pointer p2 = (Pointer)pointers[2];
  Vector v0 = zero(), v1 = zero();
  (void)tiles;
  int64_t n0 = tiles;
  do {
    v0 = zero();
    int64_t n1 = 3;
    do {
      v1 = load(p0);
      v0 = dot4(v0, v1, p2);
      p0 += 640;
      p2 += 4;
    } while (--n1 > 0);
    v0 = shift_right(v0, 2);
    store(v0, p1);
    p0 += -1904;
    p1 += 16;
    p2 += -12;
  } while (--n0 > 0);
}
#pragma GCC visibility pop

