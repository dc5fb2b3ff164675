// Activations in the epilogue of a fused convolution: float32, the same on every CPU.
#pragma once

#include "compiler/ir/op.h"
#include "compiler/oracle/numerics.h"

namespace sparsec::oracle {

// silu: numerics::silu after integer convolutions, numerics::silu_exact after float ones.
inline float activate(Activation activation, float alpha, float f, float (*silu)(float)) {
  switch (activation) {
    case Activation::none:
      return f;
    case Activation::silu:
      return silu(f);
    case Activation::sigmoid:
      return numerics::sigmoid(f);
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
