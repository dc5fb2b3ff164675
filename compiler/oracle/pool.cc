// Max-pool: the greatest element under the window; positions outside the picture are passed over.
#include <algorithm>
#include <limits>

#include "compiler/oracle/call.h"

namespace sparsec::oracle {
namespace {

template <typename T>
void max_pool(const Window& w, const Tensor& in, Tensor& out) {
  const auto x = in.data<T>();
  const auto y = out.data<T>();
  const int64_t height = in.shape[2], width = in.shape[3];
  size_t write = 0;
  for (int64_t plane = 0; plane < in.shape[0] * in.shape[1]; ++plane) {
    for (int64_t row = 0; row < out.shape[2]; ++row) {
      for (int64_t col = 0; col < out.shape[3]; ++col) {
        T most = std::numeric_limits<T>::lowest();
        for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
          const int64_t from_row = row * w.strides[0] + ky * w.dilations[0] - w.pads.top;
          if (from_row < 0 || from_row >= height) continue;
          for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const int64_t from_col = col * w.strides[1] + kx * w.dilations[1] - w.pads.left;
            if (from_col < 0 || from_col >= width) continue;
            most = std::max(most, x[size_t((plane * height + from_row) * width + from_col)]);
          }
        }
        y[write++] = most;
      }
    }
  }
}

}  // namespace

void evaluate_op(const MaxPool& op, const Call& call) {
  switch (call.in(0).type) {
    case DType::f32:
      return max_pool<float>(op.window, call.in(0), call.out());
    case DType::u8:
      return max_pool<uint8_t>(op.window, call.in(0), call.out());
    case DType::s8:
      return max_pool<int8_t>(op.window, call.in(0), call.out());
    default:
      SPARSEC_CHECK(false, "MaxPool of this type");
  }
}

}  // namespace sparsec::oracle
