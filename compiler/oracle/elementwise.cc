// Element for element: unary and binary operators with broadcasting, casts; and the normalisations, which are nearly
// so. Float functions are those of numerics.h, which kernels and the runtime's steps compute too: within a few units in
// the last place of libm's, and the same on every CPU.
#include <algorithm>
#include <cmath>

#include "compiler/ir/arithmetic.h"
#include "compiler/oracle/call.h"
#include "compiler/oracle/numerics.h"

namespace sparsec::oracle {

using arithmetic::with_number;
using arithmetic::with_type;

namespace {

float unary(const Unary& op, float x) {
  switch (op.kind) {
    case UnaryKind::sigmoid:
      return numerics::sigmoid(x);
    case UnaryKind::silu:
      return numerics::silu_exact(x);
    case UnaryKind::relu:
      return x < 0 ? 0 : x;
    case UnaryKind::leaky_relu:
      return x < 0 ? op.alpha * x : x;
    case UnaryKind::hard_swish:
      return x * std::fmin(std::fmax(std::fma(x, 1.0f / 6.0f, 0.5f), 0.0f), 1.0f);
    case UnaryKind::hard_sigmoid:
      return std::fmin(std::fmax(op.alpha * x + op.beta, 0.0f), 1.0f);
    case UnaryKind::tanh:
      return numerics::tanh(x);
    case UnaryKind::exp:
      return numerics::exp(x);
    case UnaryKind::sqrt:
      return std::sqrt(x);
    case UnaryKind::neg:
      return -x;
    case UnaryKind::abs:
      return std::fabs(x);
    case UnaryKind::clip:
      return std::fmin(std::fmax(x, op.alpha), op.beta);
  }
  SPARSEC_CHECK(false, "unknown unary operator");
}

template <typename T>
T unary(const Unary& op, T x) {
  switch (op.kind) {
    case UnaryKind::neg:
      return arithmetic::negate(x);
    case UnaryKind::abs:
      return x < 0 ? arithmetic::negate(x) : x;
    case UnaryKind::relu:
      return std::max(x, T(0));
    case UnaryKind::clip:
      return std::min(std::max(x, arithmetic::saturate<T>(op.alpha)), arithmetic::saturate<T>(op.beta));
    default:
      SPARSEC_CHECK(false, "a float operator on integers");
  }
}

// Distances, in elements, from one index of each output dimension to the next in an operand that is broadcast to it.
std::vector<int64_t> broadcast_strides(const Shape& operand, const Shape& out) {
  std::vector<int64_t> strides(out.size(), 0);
  int64_t stride = 1;
  for (size_t i = 0; i < operand.size(); ++i) {  // from the last dimension to the first
    const int64_t d = operand[operand.size() - 1 - i];
    if (d != 1) strides[out.size() - 1 - i] = stride;
    stride *= d;
  }
  return strides;
}

}  // namespace

void evaluate_op(const Unary& op, const Call& call) {
  with_number(call.in(0).type, [&](auto tag) {
    using T = decltype(tag);
    const auto x = call.in(0).data<T>();
    const auto y = call.out().data<T>();
    for (size_t i = 0; i < y.size(); ++i) y[i] = unary(op, x[i]);
  });
}

void evaluate_op(const Binary& op, const Call& call) {
  const Shape& shape = call.out().shape;
  const size_t rank = shape.size();
  const auto stride_a = broadcast_strides(call.in(0).shape, shape),
             stride_b = broadcast_strides(call.in(1).shape, shape);
  const std::string where = "node " + call.node.name + " (" + name_of(op.kind) + ")";
  with_number(call.out().type, [&](auto tag) {
    using T = decltype(tag);
    const auto a = call.in(0).data<T>(), b = call.in(1).data<T>();
    const auto y = call.out().data<T>();
    // An odometer over the output; the offsets into a and b follow it.
    std::vector<int64_t> index(rank, 0);
    int64_t at_a = 0, at_b = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      y[i] = arithmetic::binary(op.kind, a[size_t(at_a)], b[size_t(at_b)], where);
      for (size_t d = rank; d-- > 0;) {
        at_a += stride_a[d];
        at_b += stride_b[d];
        if (++index[d] < shape[d]) break;
        at_a -= stride_a[d] * shape[d];
        at_b -= stride_b[d] * shape[d];
        index[d] = 0;
      }
    }
  });
}

void evaluate_op(const Cast& op, const Call& call) {
  with_type(call.in(0).type, [&](auto from) {
    with_type(op.to, [&](auto to) {
      const auto x = call.in(0).data<decltype(from)>();
      const auto y = call.out().data<decltype(to)>();
      for (size_t i = 0; i < y.size(); ++i) y[i] = arithmetic::cast<decltype(to)>(x[i]);
    });
  });
}

void evaluate_op(const Softmax& op, const Call& call) {
  const Shape& shape = call.in(0).shape;
  const size_t axis = size_t(op.axis < 0 ? op.axis + int64_t(shape.size()) : op.axis);
  const size_t length = size_t(shape[axis]);
  const size_t stride = size_t(elements(Shape(shape.begin() + int64_t(axis) + 1, shape.end())));
  const auto x = call.in(0).data<float>();
  const auto y = call.out().data<float>();
  for (size_t first = 0; first < y.size(); ++first) {
    if (first / stride % length != 0) continue;  // not the start of a row along the axis
    float most = x[first], sum = 0;
    for (size_t i = 0; i < length; ++i) most = std::max(most, x[first + i * stride]);
    for (size_t i = 0; i < length; ++i) sum += y[first + i * stride] = numerics::exp(x[first + i * stride] - most);
    for (size_t i = 0; i < length; ++i) y[first + i * stride] /= sum;
  }
}

void evaluate_op(const BatchNorm& op, const Call& call) {
  const auto x = call.in(0).data<float>(), scale = call.in(1).data<float>(), bias = call.in(2).data<float>();
  const auto mean = call.in(3).data<float>(), variance = call.in(4).data<float>();
  const auto y = call.out().data<float>();
  const size_t channels = scale.size();
  const Shape& shape = call.in(0).shape;
  const size_t plane = size_t(elements(Shape(shape.begin() + 2, shape.end())));
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = i / plane % channels;
    y[i] = (x[i] - mean[c]) / std::sqrt(variance[c] + op.epsilon) * scale[c] + bias[c];
  }
}

}  // namespace sparsec::oracle
