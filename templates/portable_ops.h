/* The instructions of portable kernels: one function per opcode of the kernel IR, on vectors of four 32-bit lanes.
 * Plain loops that any C++ compiler maps to what the CPU has. Floats are strict: compile with -ffp-contract=off and
 * without -ffast-math; a fused multiply-add is written as one. */
#ifndef SPARSEC_PORTABLE_OPS_H
#define SPARSEC_PORTABLE_OPS_H

#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "sparsec's kernels need strict floating point: compile without -ffast-math"
#endif

namespace sparsec_ops {

struct alignas(16) Vector {
  uint32_t lane[4];
};

typedef uint8_t* Pointer;

inline float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t as_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}
inline uint32_t word(const uint8_t* m) {
  uint32_t bits;
  memcpy(&bits, m, 4);
  return bits;
}

/* Applies f to the lanes' bits, or to the lanes as floats. */
template <class F>
inline Vector map(F f) {
  Vector d;
  for (int i = 0; i < 4; ++i) d.lane[i] = f(i);
  return d;
}
template <class F>
inline Vector map_float(F f) {
  Vector d;
  for (int i = 0; i < 4; ++i) d.lane[i] = as_bits(f(i));
  return d;
}

/* --- moves */
inline Vector zero() { return Vector{{0, 0, 0, 0}}; }
inline Vector move(Vector a) { return a; }
inline Vector load(const uint8_t* m) {
  Vector d;
  memcpy(&d, m, 16);
  return d;
}
inline void store(Vector a, uint8_t* m) { memcpy(m, &a, 16); }
inline Vector broadcast(const uint8_t* m) {
  const uint32_t w = word(m);
  return Vector{{w, w, w, w}};
}
inline Vector select(Vector d, Vector a, const uint8_t* m) {
  return map([=](int i) { return (*m >> i) & 1 ? a.lane[i] : d.lane[i]; });
}

/* --- products */
inline Vector dot4(Vector d, Vector a, const uint8_t* m) {
  const int32_t w0 = (int8_t)m[0], w1 = (int8_t)m[1], w2 = (int8_t)m[2], w3 = (int8_t)m[3];
  return map([=](int i) {
    const uint32_t x = a.lane[i];
    return d.lane[i] + (uint32_t)((int32_t)(x & 255) * w0 + (int32_t)(x >> 8 & 255) * w1 +
                                  (int32_t)(x >> 16 & 255) * w2 + (int32_t)(x >> 24) * w3);
  });
}
inline Vector fma_word(Vector d, Vector a, const uint8_t* m) {
  const float w = as_float(word(m));
  return map_float([=](int i) { return __builtin_fmaf(as_float(a.lane[i]), w, as_float(d.lane[i])); });
}

/* --- int32 */
inline Vector add_i32(Vector a, Vector b) {
  return map([=](int i) { return a.lane[i] + b.lane[i]; });
}
inline Vector shift_left(Vector a, int count) {
  return map([=](int i) { return a.lane[i] << count; });
}
inline Vector shift_right(Vector a, int count) {
  return map([=](int i) { return a.lane[i] >> count; });
}

/* --- float32 */
inline Vector add(Vector a, Vector b) {
  return map_float([=](int i) { return as_float(a.lane[i]) + as_float(b.lane[i]); });
}
inline Vector sub(Vector a, Vector b) {
  return map_float([=](int i) { return as_float(a.lane[i]) - as_float(b.lane[i]); });
}
inline Vector mul(Vector a, Vector b) {
  return map_float([=](int i) { return as_float(a.lane[i]) * as_float(b.lane[i]); });
}
inline Vector div(Vector a, Vector b) {
  return map_float([=](int i) { return as_float(a.lane[i]) / as_float(b.lane[i]); });
}
inline Vector min(Vector a, Vector b) {
  return map([=](int i) { return as_float(a.lane[i]) < as_float(b.lane[i]) ? a.lane[i] : b.lane[i]; });
}
inline Vector max(Vector a, Vector b) {
  return map([=](int i) { return as_float(a.lane[i]) > as_float(b.lane[i]) ? a.lane[i] : b.lane[i]; });
}
inline Vector fma(Vector d, Vector a, Vector b) {
  return map_float(
      [=](int i) { return __builtin_fmaf(as_float(a.lane[i]), as_float(b.lane[i]), as_float(d.lane[i])); });
}
inline Vector fma_scale(Vector d, Vector a, const uint8_t* m) {
  const float w = as_float(word(m));
  return map_float([=](int i) { return __builtin_fmaf(as_float(d.lane[i]), w, as_float(a.lane[i])); });
}
inline Vector mul_word(Vector a, const uint8_t* m) {
  const float w = as_float(word(m));
  return map_float([=](int i) { return as_float(a.lane[i]) * w; });
}
inline Vector add_word(Vector a, const uint8_t* m) {
  const float w = as_float(word(m));
  return map_float([=](int i) { return as_float(a.lane[i]) + w; });
}
inline Vector bit_and(Vector a, Vector b) {
  return map([=](int i) { return a.lane[i] & b.lane[i]; });
}
inline Vector bit_or(Vector a, Vector b) {
  return map([=](int i) { return a.lane[i] | b.lane[i]; });
}
inline Vector bit_xor(Vector a, Vector b) {
  return map([=](int i) { return a.lane[i] ^ b.lane[i]; });
}
inline Vector to_float(Vector a) {
  return map_float([=](int i) { return (float)(int32_t)a.lane[i]; });
}

/* Adding and taking away 2^23 rounds half to even; from 2^23 on every float is whole. What int32 cannot hold, NaN too,
 * gives the least int32. */
inline int32_t round_half_even(float x) {
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  const float big = 8388608.0f;
  if (x >= 0) return (int32_t)(x < big ? (x + big) - big : x);
  return (int32_t)(x > -big ? (x - big) + big : x);
}
inline Vector to_int(Vector a) {
  return map([=](int i) { return (uint32_t)round_half_even(as_float(a.lane[i])); });
}
inline Vector lookup32(Vector a, const uint8_t* m) {
  return map([=](int i) { return word(m + 4 * (a.lane[i] & 31)); });
}

/* --- bytes */
inline Vector max_u8(Vector a, Vector b) {
  uint8_t x[16], y[16];
  memcpy(x, &a, 16);
  memcpy(y, &b, 16);
  for (int i = 0; i < 16; ++i) x[i] = x[i] > y[i] ? x[i] : y[i];
  return load(x);
}
inline Vector unpack(Vector a, int byte) {
  return map([=](int i) { return a.lane[i] >> (8 * byte) & 255; });
}
inline uint32_t clamped_byte(uint32_t lane) {
  const int32_t x = (int32_t)lane;
  return (uint32_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}
inline Vector pack(Vector a, Vector b, Vector c, Vector e) {
  return map([=](int i) {
    return clamped_byte(a.lane[i]) | clamped_byte(b.lane[i]) << 8 | clamped_byte(c.lane[i]) << 16 |
           clamped_byte(e.lane[i]) << 24;
  });
}
inline Vector lookup256(Vector a, const uint8_t* m) {
  uint8_t x[16];
  memcpy(x, &a, 16);
  for (int i = 0; i < 16; ++i) x[i] = m[x[i]];
  return load(x);
}

} /* namespace sparsec_ops */

#endif
