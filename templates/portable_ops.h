/* The instructions of portable kernels: one function per opcode of the kernel IR, on vectors of four 32-bit lanes, in
 * the vector types that g++ and clang++ map to what the CPU has. Floats are strict: compile with -ffp-contract=off and
 * without -ffast-math; a fused multiply-add is written as one. What takes many machine instructions is a function of
 * its own: kernels do it often, and inlined copies would take minutes to compile. */
#ifndef SPARSEC_PORTABLE_OPS_H
#define SPARSEC_PORTABLE_OPS_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__FAST_MATH__)
#error "sparsec's kernels need strict floating point: compile without -ffast-math"
#endif

#define SPARSEC_OUTLINED __attribute__((noinline, unused)) static

namespace sparsec_ops {

typedef uint32_t Vector __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
typedef float Floats __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(16)));

typedef uint8_t* Pointer;

inline Vector splat(uint32_t word) { return Vector{word, word, word, word}; }
inline uint32_t word(const uint8_t* m) {
  uint32_t bits;
  memcpy(&bits, m, 4);
  return bits;
}
inline Floats real(const uint8_t* m) { return (Floats)splat(word(m)); }

/* Lanes of a where the mask has ones, else of b. */
template <class Mask>
inline Vector choose(Mask mask, Vector a, Vector b) {
  return ((Vector)mask & a) | (~(Vector)mask & b);
}

/* --- moves */
inline Vector zero() { return splat(0); }
inline Vector move(Vector a) { return a; }
inline Vector load(const uint8_t* m) {
  Vector d;
  memcpy(&d, m, 16);
  return d;
}
inline void store(Vector a, uint8_t* m) { memcpy(m, &a, 16); }
inline Vector broadcast(const uint8_t* m) { return splat(word(m)); }
inline Vector select(Vector d, Vector a, const uint8_t* m) {
  return choose((splat(*m) & Vector{1, 2, 4, 8}) != zero(), a, d);
}

inline Vector even_lanes(Vector a, Vector b) { return Vector{a[0], a[2], b[0], b[2]}; }
inline Vector odd_lanes(Vector a, Vector b) { return Vector{a[1], a[3], b[1], b[3]}; }

/* --- products */
/* Even and odd bytes apart, so that each is a product of 16-bit numbers summed in pairs. */
inline Vector dot4(Vector d, Vector a, const uint8_t* m) {
  const int8_t w0 = (int8_t)m[0], w1 = (int8_t)m[1], w2 = (int8_t)m[2], w3 = (int8_t)m[3];
#if defined(__SSE2__)
  const Vector even = splat((uint16_t)w0 | (uint32_t)(uint16_t)w2 << 16);
  const Vector odd = splat((uint16_t)w1 | (uint32_t)(uint16_t)w3 << 16);
  const Vector bytes = splat(0x00ff00ff);
  return d + (Vector)_mm_madd_epi16((__m128i)(a & bytes), (__m128i)even) +
         (Vector)_mm_madd_epi16((__m128i)(a >> 8 & bytes), (__m128i)odd);
#else
  return d + (a & 255) * splat((uint32_t)w0) + (a >> 8 & 255) * splat((uint32_t)w1) +
         (a >> 16 & 255) * splat((uint32_t)w2) + (a >> 24) * splat((uint32_t)w3);
#endif
}

inline Vector dot8(Vector d, Vector a, Vector b, const uint8_t* m) { return dot4(dot4(d, a, m), b, m + 4); }
inline Vector dot12(Vector d, Vector a, Vector b, Vector c, const uint8_t* m) {
  return dot4(dot8(d, a, b, m), c, m + 8);
}

SPARSEC_OUTLINED Vector fma_values(Floats x, Floats y, Floats z) {
  Floats d;
  for (int i = 0; i < 4; ++i) d[i] = __builtin_fmaf(x[i], y[i], z[i]);
  return (Vector)d;
}
inline Vector fma_word(Vector d, Vector a, const uint8_t* m) { return fma_values((Floats)a, real(m), (Floats)d); }

/* --- int32 */
inline Vector add_i32(Vector a, Vector b) { return a + b; }
inline Vector shift_left(Vector a, int count) { return a << count; }
inline Vector shift_right(Vector a, int count) { return a >> count; }

/* --- float32 */
inline Vector add(Vector a, Vector b) { return (Vector)((Floats)a + (Floats)b); }
inline Vector sub(Vector a, Vector b) { return (Vector)((Floats)a - (Floats)b); }
inline Vector mul(Vector a, Vector b) { return (Vector)((Floats)a * (Floats)b); }
inline Vector div(Vector a, Vector b) { return (Vector)((Floats)a / (Floats)b); }
inline Vector min(Vector a, Vector b) { return choose((Floats)a < (Floats)b, a, b); }
inline Vector max(Vector a, Vector b) { return choose((Floats)a > (Floats)b, a, b); }
inline Vector fma(Vector d, Vector a, Vector b) { return fma_values((Floats)a, (Floats)b, (Floats)d); }
inline Vector fma_scale(Vector d, Vector a, const uint8_t* m) { return fma_values((Floats)d, real(m), (Floats)a); }
inline Vector mul_word(Vector a, const uint8_t* m) { return (Vector)((Floats)a * real(m)); }
inline Vector add_word(Vector a, const uint8_t* m) { return (Vector)((Floats)a + real(m)); }
inline Vector bit_and(Vector a, Vector b) { return a & b; }
inline Vector bit_or(Vector a, Vector b) { return a | b; }
inline Vector bit_xor(Vector a, Vector b) { return a ^ b; }
inline Vector to_float(Vector a) { return (Vector) __builtin_convertvector((Ints)a, Floats); }

/* Adding and taking away 2^23 rounds half to even; from 2^23 on every float is whole. What int32 cannot hold, NaN too,
 * gives the least int32. */
inline int32_t round_half_even(float x) {
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  const float big = 8388608.0f;
  if (x >= 0) return (int32_t)(x < big ? (x + big) - big : x);
  return (int32_t)(x > -big ? (x - big) + big : x);
}
SPARSEC_OUTLINED Vector to_int(Vector a) {
  Vector d;
  for (int i = 0; i < 4; ++i) d[i] = (uint32_t)round_half_even(((Floats)a)[i]);
  return d;
}
SPARSEC_OUTLINED Vector lookup8(Vector a, const uint8_t* m) {
  Vector d;
  for (int i = 0; i < 4; ++i) d[i] = word(m + 4 * (a[i] & 7));
  return d;
}

/* --- bytes */
inline Vector max_u8(Vector a, Vector b) { return choose((Bytes)a > (Bytes)b, a, b); }
inline Vector unpack(Vector a, int byte) { return a >> (8 * byte) & 255; }
inline Vector clamped_byte(Vector a) {
  const Vector positive = choose((Ints)a > 0, a, zero());
  return choose((Ints)positive < 255, positive, splat(255));
}
inline Vector pack(Vector a, Vector b, Vector c, Vector e) {
  return clamped_byte(a) | clamped_byte(b) << 8 | clamped_byte(c) << 16 | clamped_byte(e) << 24;
}
inline Vector clamped_signed_byte(Vector a) {
  const Vector above = choose((Ints)a > -128, a, splat(uint32_t(-128)));
  return choose((Ints)above < 127, above, splat(127)) & 255;
}
inline Vector pack_s8(Vector a, Vector b, Vector c, Vector e) {
  return clamped_signed_byte(a) | clamped_signed_byte(b) << 8 | clamped_signed_byte(c) << 16 |
         clamped_signed_byte(e) << 24;
}
inline Vector low_half(Vector a) { return (Vector)((Ints)(a << 16) >> 16); }
inline Vector pack_half(Vector a, Vector b, Vector c, Vector e) {
  return pack_s8(low_half(a), low_half(b), low_half(c), low_half(e));
}
SPARSEC_OUTLINED Vector lookup256(Vector a, const uint8_t* m) {
  Bytes x = (Bytes)a;
  for (int i = 0; i < 16; ++i) x[i] = m[x[i]];
  return (Vector)x;
}

} /* namespace sparsec_ops */

#endif
