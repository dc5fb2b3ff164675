// Activations in the epilogue of a fused convolution: float32, the same on every CPU.
#pragma once

#include "compiler/ir/op.h"
#include "compiler/oracle/numerics.h"
#include "compiler/oracle/piecewise.h"

namespace sparsec::oracle {

// silu and sigmoid have formulas of their own after float convolutions and tables after integer ones.
struct ExactCurves {
  float silu(float x) const { return numerics::silu_exact(x); }
  float sigmoid(float x) const { return numerics::sigmoid(x); }
};
struct TableCurves {
  const numerics::Piecewise& curve;  // of the activation
  float silu(float u) const { return numerics::evaluate(curve, u); }
  float sigmoid(float u) const { return numerics::evaluate(curve, u); }
};

template <typename Curves>
float activate(Activation activation, float alpha, float f, const Curves& curves) {
  switch (activation) {
    case Activation::none:
      return f;
    case Activation::silu:
      return curves.silu(f);
    case Activation::sigmoid:
      return curves.sigmoid(f);
    case Activation::relu:
      return f < 0 ? 0 : f;
    case Activation::leaky_relu:
      return f < 0 ? alpha * f : f;
    case Activation::hard_swish:
      return f * std::fmin(std::fmax(std::fma(f, 1.0f / 6.0f, 0.5f), 0.0f), 1.0f);
  }
  SPARSEC_CHECK(false, "unknown activation");
}

}  // namespace sparsec::oracle
