// The constants of an integer convolution's epilogue, by the formulas beside QConv: for the oracle and the kernels.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"
#include "compiler/oracle/numerics.h"
#include "compiler/oracle/piecewise.h"

namespace sparsec::oracle {

struct Epilogue {
  EpilogueForm form = EpilogueForm::general;
  numerics::Piecewise curve;                // of silu and sigmoid
  std::vector<numerics::Scaling> scalings;  // [O]
};

struct AccumulatorRange {
  int64_t least = 0, most = 0;
};
// Of channel o, as all inputs are u8.
inline AccumulatorRange accumulators_of(const Tensor& weights, size_t o) {
  const size_t row = size_t(weights.size() / weights.shape[0]);
  AccumulatorRange range;
  for (const int8_t w : weights.data<int8_t>().subspan(o * row, row)) (w > 0 ? range.most : range.least) += 255 * w;
  return range;
}

// Whether channel o's accumulators may need more digits than float has.
inline bool passes_float(const Tensor& weights, size_t o) {
  const AccumulatorRange range = accumulators_of(weights, o);
  return std::max(range.most, -range.least) > int64_t{1} << 24;
}

// `out`: the quantiser of the one u8 output, if that is all there is.
inline Epilogue epilogue_of(const QConv& op, const Tensor& weights, std::optional<Quant> out,
                            std::optional<Quant> residual) {
  Epilogue e;
  e.form = epilogue_form(op.activation, op.residual, out.has_value());
  if (op.activation == Activation::sigmoid) e.curve = numerics::sigmoid();
  if (op.activation == Activation::silu)
    e.curve = e.form == EpilogueForm::silu_steps ? numerics::silu_in_steps(*out, residual ? &*residual : nullptr)
                                                 : numerics::silu();
  const double units = double(e.curve.segments);  // 1 where there is no curve
  for (size_t o = 0; o < op.multiplier.size(); ++o)
    e.scalings.push_back(
        e.form == EpilogueForm::requantise
            ? numerics::requantising(op.acc_bias[o], op.multiplier[o], op.bias[o], *out)
            : numerics::scaling(op.acc_bias[o], op.multiplier[o], op.bias[o], units, passes_float(weights, o)));
  return e;
}

}  // namespace sparsec::oracle
