// A tensor in the compiler's memory: element type, shape, and bytes in row-major order.
//
// Used for weights, for constants that passes fold, and for every value that the oracle computes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "compiler/error.h"

namespace sparsec {

enum class DType : uint8_t { f32, u8, s8, s32, i64, boolean };

using Shape = std::vector<int64_t>;

size_t size_of(DType type);       // bytes per element
const char* name_of(DType type);  // "f32", "u8", ...
int64_t elements(const Shape& shape);
std::string to_string(const Shape& shape);  // "1x3x640x640"; a scalar is "scalar"

template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DType::s8;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DType::s32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DType::i64;
  else {
    static_assert(std::is_same_v<T, bool>);
    return DType::boolean;
  }
}

struct Tensor {
  DType type = DType::f32;
  Shape shape;
  std::vector<std::byte> bytes;  // elements(shape) * size_of(type)

  Tensor() = default;
  Tensor(DType t, Shape s) : type(t), shape(std::move(s)), bytes(size_t(elements(shape)) * size_of(t)) {}

  template <typename T>
  static Tensor of(Shape shape, const std::vector<T>& values) {
    Tensor t(dtype_of<T>(), std::move(shape));
    SPARSEC_CHECK(values.size() * sizeof(T) == t.bytes.size(), "values do not fill the shape");
    if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }

  int64_t size() const { return elements(shape); }

  template <typename T>
  std::span<T> data() {
    SPARSEC_CHECK(dtype_of<T>() == type, "tensor read with the wrong element type");
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T>
  std::span<const T> data() const {
    SPARSEC_CHECK(dtype_of<T>() == type, "tensor read with the wrong element type");
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  // Every element as a double or an int64 whatever the stored type: for shapes, scales and other small constants.
  std::vector<double> as_doubles() const;
  std::vector<int64_t> as_ints() const;
};

using TensorPtr = std::shared_ptr<const Tensor>;

inline TensorPtr share(Tensor t) { return std::make_shared<const Tensor>(std::move(t)); }

}  // namespace sparsec
