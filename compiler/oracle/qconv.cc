// Integer convolution with its epilogue: exactly the formulas beside QConv in ir/op.h.
#include "compiler/oracle/activation.h"
#include "compiler/oracle/call.h"
#include "compiler/oracle/epilogue.h"
#include "compiler/oracle/flat_conv.h"

namespace sparsec::oracle {
namespace {

// u8 pixels and s8 weights, held as int16 so that the loop vectorises; a zero weight adds nothing.
void add_products(int32_t* acc, const int16_t* run, int16_t weight, int64_t count) {
  if (weight == 0) return;
  for (int64_t i = 0; i < count; ++i) acc[i] += int32_t(run[i]) * int32_t(weight);
}

// One output tensor of a QConv: how a value is stored in it.
struct Sink {
  Tensor* tensor;
  Quant quant;  // of u8 tensors
  const Lookup256* lookup;

  Quant quantiser() const { return lookup ? lookup->before : quant; }
  void store_steps(size_t at, int32_t steps) const {
    const uint8_t q = numerics::clamp_u8(steps);
    tensor->data<uint8_t>()[at] = lookup ? lookup->table[q] : q;
  }
  void store(size_t at, float a) const {
    if (tensor->type == DType::f32)
      tensor->data<float>()[at] = a;
    else
      store_steps(at, numerics::requantise(a, quantiser()));
  }
};

}  // namespace

void evaluate_op(const QConv& op, const Call& call) {
  const Tensor& x = call.in(0);
  const Shape& out = call.out().shape;
  const uint8_t outside = uint8_t(call.in_quant(0).zero_point);
  const uint8_t* residual = op.residual ? call.in(2).data<uint8_t>().data() : nullptr;
  const Quant r = op.residual ? call.in_quant(2) : Quant{};
  std::vector<Sink> sinks;
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    const Quant quant = call.out(i).type == DType::u8 ? call.out_quant(i) : Quant{};
    sinks.push_back({&call.out(i), quant, op.lookup[i] ? &*op.lookup[i] : nullptr});
  }
  const Quant q = sinks[0].quantiser();
  const Epilogue epilogue =
      epilogue_of(op, call.in(1), sinks.size() == 1 && call.out().type == DType::u8 ? std::optional(q) : std::nullopt,
                  op.residual ? std::optional(r) : std::nullopt);
  for (int64_t n = 0; n < out[0]; ++n) {
    const FlatPicture<int16_t> picture(x, n, 0, x.shape[1], op.window, out[2], out[3], outside);
    convolve<int32_t>(
        picture, call.in(1).data<int8_t>().data(), x.shape[1], op.window, 0, out[1], out[2], out[3],
        [](int64_t) { return 0; }, add_products,
        [&](int64_t o, int64_t row, int64_t col, int32_t acc) {
          const size_t at = size_t(((n * out[1] + o) * out[2] + row) * out[3] + col);
          const float f = epilogue.scalings[size_t(o)](acc);
          switch (epilogue.form) {
            case EpilogueForm::requantise:
              return sinks[0].store_steps(at, numerics::round_even(f) + q.zero_point);
            case EpilogueForm::silu_steps: {
              const float a = numerics::evaluate(epilogue.curve, f);
              const float sum = residual ? std::fma(float(residual[at]), r.scale / q.scale, a) : a;
              return sinks[0].store_steps(at, numerics::round_even(sum));
            }
            case EpilogueForm::general:
              break;
          }
          float a = activate(op.activation, op.alpha, f, TableCurves{epilogue.curve});
          if (residual) a = std::fma(float(int32_t(residual[at]) - r.zero_point), r.scale, a);
          for (const Sink& sink : sinks) sink.store(at, a);
        });
  }
}

}  // namespace sparsec::oracle
