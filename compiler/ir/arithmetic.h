// Arithmetic on elements as the Graph means it: one meaning for constants that import folds and for the oracle.
//
// Integers wrap around; floats become integers by cutting the fraction off and saturating, NaN as 0. Min and Max give
// NaN where either operand is NaN, as ONNX (numpy) has it. Pow is numerics::pow and not libm's, which differs between
// CPUs.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "compiler/error.h"
#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"
#include "runtime/core/numerics.h"

namespace sparsec::arithmetic {

// Calls f with a value of the C++ type that stands for `type`, which must not be boolean.
template <typename F>
auto with_number(DType type, F&& f) {
  switch (type) {
    case DType::f32:
      return f(float{});
    case DType::u8:
      return f(uint8_t{});
    case DType::s8:
      return f(int8_t{});
    case DType::s32:
      return f(int32_t{});
    case DType::i64:
      return f(int64_t{});
    case DType::boolean:
      break;
  }
  SPARSEC_CHECK(false, std::string("no arithmetic on ") + name_of(type));
}

// The same for every type.
template <typename F>
auto with_type(DType type, F&& f) {
  return type == DType::boolean ? f(bool{}) : with_number(type, f);
}

// The integer nearest to x: out of range saturates, NaN is 0; fractions are cut off.
template <typename T>
T saturate(double x) {
  if (std::isnan(x)) return 0;
  if (x <= double(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (x >= double(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return T(x);
}

template <typename To, typename From>
To cast(From x) {
  if constexpr (std::is_same_v<To, bool>)
    return x != From{};
  else if constexpr (std::is_same_v<From, float> && std::is_integral_v<To>)
    return saturate<To>(double(x));
  else
    return To(x);
}

template <typename T>
T negate(T x) {
  if constexpr (std::is_integral_v<T>)
    return T(uint64_t(0) - uint64_t(x));
  else
    return -x;
}

inline int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1;
  for (uint64_t b = uint64_t(base); exponent > 0; exponent >>= 1, b *= b) {
    if ((exponent & 1) != 0) result *= b;
  }
  return int64_t(result);
}

inline float binary(BinaryKind kind, float a, float b, const std::string&) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::sub:
      return a - b;
    case BinaryKind::mul:
      return a * b;
    case BinaryKind::div:
      return a / b;
    case BinaryKind::pow:
      return numerics::pow(a, b);
    case BinaryKind::min:
      return numerics::minimum(a, b);
    case BinaryKind::max:
      return numerics::maximum(a, b);
  }
  SPARSEC_CHECK(false, "unknown binary operator");
}

// `where` names the node, for the one error: an integer divided by zero.
template <typename T>
T binary(BinaryKind kind, T a, T b, const std::string& where) {
  static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>);
  switch (kind) {  // through uint64_t, which wraps around
    case BinaryKind::add:
      return T(uint64_t(a) + uint64_t(b));
    case BinaryKind::sub:
      return T(uint64_t(a) - uint64_t(b));
    case BinaryKind::mul:
      return T(uint64_t(a) * uint64_t(b));
    case BinaryKind::div:
      if (b == 0)
        throw CompileError(where + ": divides the integer " + std::to_string(a) +
                           " by zero; supported: a divisor other than 0");
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return negate(a);
      }
      return T(a / b);
    case BinaryKind::pow:
      return T(integer_power(a, b));
    case BinaryKind::min:
      return std::min(a, b);
    case BinaryKind::max:
      return std::max(a, b);
  }
  SPARSEC_CHECK(false, "unknown binary operator");
}

}  // namespace sparsec::arithmetic
