// Element sizes and names, shapes as text, and reading small tensors of any type as numbers.
#include "compiler/ir/tensor.h"

#include <limits>

namespace sparsec {
namespace {

// Calls f with the tensor's elements under their C++ type.
template <typename F>
void with_elements(const Tensor& t, F&& f) {
  switch (t.type) {
    case DType::f32:
      return f(t.data<float>());
    case DType::u8:
      return f(t.data<uint8_t>());
    case DType::s8:
      return f(t.data<int8_t>());
    case DType::s32:
      return f(t.data<int32_t>());
    case DType::i64:
      return f(t.data<int64_t>());
    case DType::boolean:
      return f(t.data<bool>());
  }
  SPARSEC_CHECK(false, "unknown element type");
}

template <typename T>
std::vector<T> convert(const Tensor& t) {
  std::vector<T> out;
  with_elements(t, [&](auto elements) {
    out.reserve(elements.size());
    for (auto e : elements) out.push_back(T(e));
  });
  return out;
}

}  // namespace

size_t size_of(DType type) {
  switch (type) {
    case DType::f32:
    case DType::s32:
      return 4;
    case DType::u8:
    case DType::s8:
    case DType::boolean:
      return 1;
    case DType::i64:
      return 8;
  }
  SPARSEC_CHECK(false, "unknown element type");
}

const char* name_of(DType type) {
  switch (type) {
    case DType::f32:
      return "f32";
    case DType::u8:
      return "u8";
    case DType::s8:
      return "s8";
    case DType::s32:
      return "s32";
    case DType::i64:
      return "i64";
    case DType::boolean:
      return "bool";
  }
  SPARSEC_CHECK(false, "unknown element type");
}

int64_t elements(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) {
    SPARSEC_CHECK(d >= 0, "negative dimension in shape " + to_string(shape));
    // A tensor must be addressable with room for eight bytes an element.
    SPARSEC_CHECK(!__builtin_mul_overflow(n, d, &n) && n <= std::numeric_limits<int64_t>::max() / 8,
                  "shape " + to_string(shape) + " has too many elements");
  }
  return n;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t d : shape) text += (text.empty() ? "" : "x") + std::to_string(d);
  return text;
}

std::vector<double> Tensor::as_doubles() const { return convert<double>(*this); }
std::vector<int64_t> Tensor::as_ints() const { return convert<int64_t>(*this); }

}  // namespace sparsec
