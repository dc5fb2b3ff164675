// Activations in kernel IR: numerics.h instruction by instruction.
#pragma once

#include "codegen/kernels/constants.h"
#include "compiler/ir/op.h"

namespace sparsec::kernels {

inline constexpr int kActivationTemps = 4;
using Temps = int[kActivationTemps];

// v[x] = activation(v[x]), with four free registers. `exact` asks for the float formula of SiLU (float convolutions);
// else the piecewise one (integer convolutions).
void emit_activation(Builder& b, Constants& constants, Activation activation, float alpha, bool exact, int x,
                     const Temps& t);

}  // namespace sparsec::kernels
