// Between floats and integers, and element-wise operators on integers.
#include <algorithm>
#include <cmath>

#include "compiler/ir/arithmetic.h"
#include "compiler/oracle/call.h"
#include "compiler/oracle/numerics.h"

namespace sparsec::oracle {
namespace {

// Which scale element i of a tensor of `shape` has.
class SliceOf {
 public:
  SliceOf(const QuantParams& q, const Shape& shape) : per_tensor_(q.per_tensor()) {
    if (per_tensor_) return;
    slices_ = size_t(shape[size_t(q.axis)]);
    stride_ = size_t(elements(Shape(shape.begin() + q.axis + 1, shape.end())));
  }
  size_t operator()(size_t i) const { return per_tensor_ ? 0 : i / stride_ % slices_; }

 private:
  bool per_tensor_;
  size_t slices_ = 1, stride_ = 1;
};

// True division and rounding before the zero point is added, as ONNX has it; NaN becomes the zero point.
template <typename T>
void quantise(const QuantParams& q, const Tensor& in, Tensor& out) {
  const auto x = in.data<float>();
  const auto y = out.data<T>();
  const SliceOf slice(q, in.shape);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t s = slice(i);
    const double steps = std::nearbyint(x[i] / q.scale[s]);
    y[i] = arithmetic::saturate<T>((std::isnan(steps) ? 0.0 : steps) + q.zero_point[s]);
  }
}

template <typename T>
void dequantise(const QuantParams& q, const Tensor& in, Tensor& out) {
  const auto x = in.data<T>();
  const auto y = out.data<float>();
  const SliceOf slice(q, in.shape);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t s = slice(i);
    y[i] = float(int64_t(x[i]) - q.zero_point[s]) * q.scale[s];
  }
}

}  // namespace

void evaluate_op(const Quantize& op, const Call& call) {
  switch (call.out().type) {
    case DType::u8:
      return quantise<uint8_t>(op.q, call.in(0), call.out());
    case DType::s8:
      return quantise<int8_t>(op.q, call.in(0), call.out());
    case DType::s32:
      return quantise<int32_t>(op.q, call.in(0), call.out());
    default:
      SPARSEC_CHECK(false, "Quantize to this type");
  }
}

void evaluate_op(const Dequantize& op, const Call& call) {
  switch (call.in(0).type) {
    case DType::u8:
      return dequantise<uint8_t>(op.q, call.in(0), call.out());
    case DType::s8:
      return dequantise<int8_t>(op.q, call.in(0), call.out());
    case DType::s32:
      return dequantise<int32_t>(op.q, call.in(0), call.out());
    default:
      SPARSEC_CHECK(false, "Dequantize of this type");
  }
}

void evaluate_op(const Lookup& op, const Call& call) {
  std::ranges::transform(call.in(0).data<uint8_t>(), call.out().data<uint8_t>().begin(),
                         [&](uint8_t q) { return op.table[q]; });
}

void evaluate_op(const QBinary& op, const Call& call) {
  const Quant qa = call.in_quant(0), qb = call.in_quant(1), qy = call.out_quant();
  const auto a = call.in(0).data<uint8_t>(), b = call.in(1).data<uint8_t>();
  const auto y = call.out().data<uint8_t>();
  const float per_scale = 1.0f / qy.scale;
  for (size_t i = 0; i < y.size(); ++i) {
    const float value =
        arithmetic::binary(op.kind, numerics::dequantised(a[i], qa), numerics::dequantised(b[i], qb), call.node.name);
    y[i] = numerics::level_of(value * per_scale, qy.zero_point);
  }
}

}  // namespace sparsec::oracle
