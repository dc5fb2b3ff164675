// Float convolutions: ONNX's, by multiplication and addition, and FConv, by fma and with an epilogue.
#include "compiler/oracle/activation.h"
#include "compiler/oracle/call.h"
#include "compiler/oracle/flat_conv.h"

namespace sparsec::oracle {
namespace {

void add_products(float* acc, const float* run, float weight, int64_t count) {
  for (int64_t i = 0; i < count; ++i) acc[i] += run[i] * weight;
}

// fma is a call into libm unless the compiler may assume the instruction; the result is the same.
[[gnu::always_inline]] inline void add_fused(float* acc, const float* run, float weight, int64_t count) {
  for (int64_t i = 0; i < count; ++i) acc[i] = std::fma(run[i], weight, acc[i]);
}
void add_fused_anywhere(float* acc, const float* run, float weight, int64_t count) {
  add_fused(acc, run, weight, count);
}
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void add_fused_avx2(float* acc, const float* run, float weight, int64_t count) {
  add_fused(acc, run, weight, count);
}
auto choose_add_fused() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? add_fused_avx2 : add_fused_anywhere;
}
#else
auto choose_add_fused() { return add_fused_anywhere; }
#endif

}  // namespace

void evaluate_op(const Conv& op, const Call& call) {
  const Tensor& x = call.in(0);
  const float* weights = call.in(1).data<float>().data();
  const bool biased = call.inputs.size() > 2 && call.inputs[2];
  const float* bias = biased ? call.in(2).data<float>().data() : nullptr;
  const Shape& out = call.out().shape;
  const auto y = call.out().data<float>();
  const int64_t channels = x.shape[1] / op.groups, outputs = out[1] / op.groups;
  for (int64_t n = 0; n < out[0]; ++n) {
    for (int64_t g = 0; g < op.groups; ++g) {
      const FlatPicture<float> picture(x, n, g * channels, channels, op.window, out[2], out[3], 0.0f);
      convolve<float>(
          picture, weights, channels, op.window, g * outputs, (g + 1) * outputs, out[2], out[3],
          [&](int64_t o) { return biased ? bias[o] : 0.0f; }, add_products,
          [&](int64_t o, int64_t row, int64_t col, float acc) {
            y[size_t(((n * out[1] + o) * out[2] + row) * out[3] + col)] = acc;
          });
    }
  }
}

void evaluate_op(const FConv& op, const Call& call) {
  const Tensor& x = call.in(0);
  const Shape& out = call.out().shape;
  const auto y = call.out().data<float>();
  const float* residual = op.residual ? call.in(2).data<float>().data() : nullptr;
  const auto accumulate = choose_add_fused();
  for (int64_t n = 0; n < out[0]; ++n) {
    const FlatPicture<float> picture(x, n, 0, x.shape[1], op.window, out[2], out[3], 0.0f);
    convolve<float>(
        picture, call.in(1).data<float>().data(), x.shape[1], op.window, 0, out[1], out[2], out[3],
        [&](int64_t o) { return op.bias[size_t(o)]; }, accumulate,
        [&](int64_t o, int64_t row, int64_t col, float acc) {
          const size_t at = size_t(((n * out[1] + o) * out[2] + row) * out[3] + col);
          y[at] = activate(op.activation, op.alpha, acc, ExactCurves{});
          if (residual) y[at] += residual[at];
        });
  }
}

}  // namespace sparsec::oracle
