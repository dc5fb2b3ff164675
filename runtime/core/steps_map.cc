// Steps that compute element by element: unary, binary, quantise, dequantise, cast; and softmax along one dimension.
#include "runtime/core/fused.h"
#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

using numerics::fmax;
using numerics::fmin;

// out[i] = f(a[i]) over an innermost loop of floats; the contiguous case apart, so that it vectorises.
template <class F>
SPARSEC_INLINE void map1(char* out, const char* a, int64_t n, int64_t so, int64_t sa, const F& f) {
  if (so == 4 && sa == 4) {
    for (int64_t i = 0; i < n; ++i) store<float>(out + 4 * i, f(load<float>(a + 4 * i)));
  } else {
    for (int64_t i = 0; i < n; ++i) store<float>(out + i * so, f(load<float>(a + i * sa)));
  }
}

template <class F>
SPARSEC_INLINE void map2(char* out, const char* a, const char* b, int64_t n, int64_t so, int64_t sa, int64_t sb,
                         const F& f) {
  if (so == 4 && sa == 4 && sb == 4) {
    for (int64_t i = 0; i < n; ++i) store<float>(out + 4 * i, f(load<float>(a + 4 * i), load<float>(b + 4 * i)));
  } else if (so == 4 && sa == 4 && sb == 0) {
    const float y = load<float>(b);
    for (int64_t i = 0; i < n; ++i) store<float>(out + 4 * i, f(load<float>(a + 4 * i), y));
  } else {
    for (int64_t i = 0; i < n; ++i) store<float>(out + i * so, f(load<float>(a + i * sa), load<float>(b + i * sb)));
  }
}

template <class F>
void unary_nest(const Nest& nest, char* out, const char* a, const F& f) {
  run_fused([&]() SPARSEC_INLINE_LAMBDA {
    walk(nest, out, a, nullptr,
         [&](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t)
             SPARSEC_INLINE_LAMBDA { map1(o, x, n, so, sa, f); });
  });
}

template <class F>
void binary_nest(const Nest& nest, char* out, const char* a, const char* b, const F& f) {
  walk(nest, out, a, b,
       [&](char* o, const char* x, const char* y, int64_t n, int64_t so, int64_t sa, int64_t sb)
           SPARSEC_INLINE_LAMBDA { map2(o, x, y, n, so, sa, sb, f); });
}

// Functions without fma gain nothing from the second build.
template <class F>
void plain_unary_nest(const Nest& nest, char* out, const char* a, const F& f) {
  walk(nest, out, a, nullptr,
       [&](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t)
           SPARSEC_INLINE_LAMBDA { map1(o, x, n, so, sa, f); });
}

#define FLOAT_OF(expression) [=](float x) SPARSEC_INLINE_LAMBDA { return expression; }
#define FLOAT_OF2(expression) [](float x, float y) SPARSEC_INLINE_LAMBDA { return expression; }

// x clamped; NaN gives 0.
SPARSEC_INLINE float within(float x, float least, float most) {
  const float number = x == x ? x : 0.0f;
  return fmin(fmax(number, least), most);
}

// f32 -> integer as C converts it, saturated.
int64_t saturated(float x, uint32_t type) {
  if (x != x) return 0;
  switch (type) {
    case SPARSEC_U8:
      return int64_t(within(x, 0.0f, 255.0f));
    case SPARSEC_S8:
      return int64_t(within(x, -128.0f, 127.0f));
    case SPARSEC_S32:
      return x >= 2147483648.0f ? INT32_MAX : x <= -2147483648.0f ? INT32_MIN : int64_t(x);
    default:
      return x >= 9223372036854775808.0f ? INT64_MAX : x <= -9223372036854775808.0f ? INT64_MIN : int64_t(x);
  }
}

// One element, from its type to float or int64 and on.
void cast_one(char* out, uint32_t type_out, const char* a, uint32_t type_a) {
  int64_t whole = 0;
  float real = 0;
  switch (type_a) {
    case SPARSEC_F32:
      real = load<float>(a);
      whole = saturated(real, type_out);
      break;
    case SPARSEC_U8:
      whole = load<uint8_t>(a);
      break;
    case SPARSEC_S8:
      whole = int64_t{load<int8_t>(a)};
      break;
    case SPARSEC_S32:
      whole = load<int32_t>(a);
      break;
    default:
      whole = load<int64_t>(a);
  }
  switch (type_out) {
    case SPARSEC_F32:
      return store<float>(out, type_a == SPARSEC_F32 ? real : float(whole));
    case SPARSEC_U8:
    case SPARSEC_S8:
      return store<uint8_t>(out, uint8_t(whole));
    case SPARSEC_S32:
      return store<int32_t>(out, int32_t(whole));
    default:
      return store<int64_t>(out, whole);
  }
}

template <class T>
void quantise_nest(const sparsec_loop& loop, const Nest& nest, char* out, const char* a) {
  const float scale = loop.scale;
  const int32_t zero = loop.zero_point;
  const int32_t least = std::is_signed_v<T> ? -128 : 0, most = std::is_signed_v<T> ? 127 : 255;
  walk(nest, out, a, nullptr, [=](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t) {
    const auto one = [=](float v) SPARSEC_INLINE_LAMBDA {
      const float r = numerics::round_small(within(v / scale, -1048576.0f, 1048576.0f));  // zero points are small
      const int32_t q = int32_t(r) + zero;
      return T(q < least ? least : q > most ? most : q);
    };
    if (so == 1 && sa == 4) {
      for (int64_t i = 0; i < n; ++i) store<T>(o + i, one(load<float>(x + 4 * i)));
    } else {
      for (int64_t i = 0; i < n; ++i) store<T>(o + i * so, one(load<float>(x + i * sa)));
    }
  });
}

template <class T>
void dequantise_nest(const sparsec_loop& loop, const Nest& nest, char* out, const char* a) {
  const float scale = loop.scale;
  const int32_t zero = loop.zero_point;
  walk(nest, out, a, nullptr, [=](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t) {
    const auto one = [=](T q) SPARSEC_INLINE_LAMBDA {
      return scale * float(int32_t(uint32_t(int32_t(q)) - uint32_t(zero)));
    };
    if (so == 4 && sa == int64_t(sizeof(T))) {
      for (int64_t i = 0; i < n; ++i) store<float>(o + 4 * i, one(load<T>(x + i * int64_t(sizeof(T)))));
    } else {
      for (int64_t i = 0; i < n; ++i) store<float>(o + i * so, one(load<T>(x + i * sa)));
    }
  });
}

SPARSEC_INLINE void softmax_one(char* out, const char* a, int64_t length, int64_t stride) {
  float most = load<float>(a);
  for (int64_t i = 1; i < length; ++i) most = fmax(load<float>(a + i * stride), most);
  float sum = 0;
  for (int64_t i = 0; i < length; ++i) {
    const float e = numerics::exp(load<float>(a + i * stride) - most);
    store<float>(out + i * stride, e);
    sum += e;
  }
  for (int64_t i = 0; i < length; ++i) store<float>(out + i * stride, load<float>(out + i * stride) / sum);
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;
namespace fn = sparsec::numerics;

extern "C" {

void SPARSEC_STEP(unary)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[2]);
  const Nest nest = nest_of(loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  const float alpha = loop.alpha, beta = loop.beta;
  switch (loop.kind) {
    case SPARSEC_SIGMOID:
      return unary_nest(nest, out, a, FLOAT_OF(fn::sigmoid(x)));
    case SPARSEC_SILU:
      return unary_nest(nest, out, a, FLOAT_OF(fn::silu_exact(x)));
    case SPARSEC_RELU:
      return plain_unary_nest(nest, out, a, FLOAT_OF(fn::relu(x)));
    case SPARSEC_LEAKY_RELU:
      return plain_unary_nest(nest, out, a, FLOAT_OF(fn::leaky_relu(x, alpha)));
    case SPARSEC_HARD_SWISH:
      return unary_nest(nest, out, a, FLOAT_OF(fn::hard_swish(x)));
    case SPARSEC_HARD_SIGMOID:
      return plain_unary_nest(nest, out, a, FLOAT_OF(fn::hard_sigmoid(x, alpha, beta)));
    case SPARSEC_TANH:
      return unary_nest(nest, out, a, FLOAT_OF(fn::tanh(x)));
    case SPARSEC_EXP:
      return unary_nest(nest, out, a, FLOAT_OF(fn::exp(x)));
    case SPARSEC_SQRT:
      return plain_unary_nest(nest, out, a, FLOAT_OF(__builtin_sqrtf(x)));
    case SPARSEC_NEG:
      return plain_unary_nest(nest, out, a, FLOAT_OF(-x));
    case SPARSEC_ABS:
      return plain_unary_nest(nest, out, a, FLOAT_OF(fn::fabs(x)));
    case SPARSEC_CLIP:
      return plain_unary_nest(nest, out, a, FLOAT_OF(fn::clip(x, alpha, beta)));
  }
}

void SPARSEC_STEP(binary)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[3]);
  const Nest nest = nest_of(loop, pointers, tiles, 2);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  const char* b = static_cast<const char*>(pointers[2]);
  switch (loop.kind) {
    case SPARSEC_ADD:
      return binary_nest(nest, out, a, b, FLOAT_OF2(x + y));
    case SPARSEC_SUB:
      return binary_nest(nest, out, a, b, FLOAT_OF2(x - y));
    case SPARSEC_MUL:
      return binary_nest(nest, out, a, b, FLOAT_OF2(x * y));
    case SPARSEC_DIV:
      return binary_nest(nest, out, a, b, FLOAT_OF2(x / y));
    case SPARSEC_POW:
      return binary_nest(nest, out, a, b, FLOAT_OF2(fn::pow(x, y)));
    case SPARSEC_MIN:
      return binary_nest(nest, out, a, b, FLOAT_OF2(fn::minimum(x, y)));
    case SPARSEC_MAX:
      return binary_nest(nest, out, a, b, FLOAT_OF2(fn::maximum(x, y)));
  }
}

void SPARSEC_STEP(quantise)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[2]);
  const Nest nest = nest_of(loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  if (loop.type_out == SPARSEC_S8) return quantise_nest<int8_t>(loop, nest, out, a);
  quantise_nest<uint8_t>(loop, nest, out, a);
}

void SPARSEC_STEP(dequantise)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[2]);
  const Nest nest = nest_of(loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  if (loop.type_a == SPARSEC_S8) return dequantise_nest<int8_t>(loop, nest, out, a);
  if (loop.type_a == SPARSEC_S32) return dequantise_nest<int32_t>(loop, nest, out, a);
  dequantise_nest<uint8_t>(loop, nest, out, a);
}

void SPARSEC_STEP(cast)(const void* const* pointers, int64_t tiles) {
  const auto& loop = *static_cast<const sparsec_loop*>(pointers[2]);
  const Nest nest = nest_of(loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  if (loop.type_a == SPARSEC_U8 && loop.type_out == SPARSEC_F32) {  // pictures: worth a vector loop
    sparsec_loop whole = loop;
    whole.scale = 1;
    whole.zero_point = 0;
    return dequantise_nest<uint8_t>(whole, nest, out, a);
  }
  walk(nest, out, a, nullptr, [&](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t) {
    for (int64_t i = 0; i < n; ++i) cast_one(o + i * so, loop.type_out, x + i * sa, loop.type_a);
  });
}

void SPARSEC_STEP(softmax)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_softmax*>(pointers[2]);
  const Nest nest = nest_of(d.loop, pointers, tiles, 1);
  char* out = (char*)pointers[0];
  const char* a = static_cast<const char*>(pointers[1]);
  run_fused([&]() SPARSEC_INLINE_LAMBDA {
    walk(nest, out, a, nullptr,
         [&](char* o, const char* x, const char*, int64_t n, int64_t so, int64_t sa, int64_t) SPARSEC_INLINE_LAMBDA {
           for (int64_t i = 0; i < n; ++i) softmax_one(o + i * so, x + i * sa, d.length, d.stride);
         });
  });
}

}  // extern "C"
