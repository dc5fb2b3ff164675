// Activations in kernel IR: numerics.h instruction by instruction.
#pragma once

#include "codegen/kernels/constants.h"
#include "compiler/ir/op.h"
#include "compiler/oracle/piecewise.h"

namespace sparsec::kernels {

inline constexpr int kActivationTemps = 4;
using Temps = int[kActivationTemps];

// v[x] = activation(v[x]), with four free registers; SiLU and sigmoid by the float formulas.
void emit_activation(Builder& b, Constants& constants, Activation activation, float alpha, int x, const Temps& t);

// numerics::evaluate(f, v[u]) is in the register returned, one of the temporaries; v[u] is overwritten. `f` must live
// as long as the constants do.
int emit_piecewise(Builder& b, Constants& constants, const numerics::Piecewise& f, int u, const Temps& t);

}  // namespace sparsec::kernels
