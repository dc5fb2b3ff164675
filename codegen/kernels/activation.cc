// SiLU, sigmoid and the simple activations. Every line is a line of compiler/oracle/numerics.h, in the same order and
// rounding.
#include "codegen/kernels/activation.h"

#include <iterator>

#include "compiler/oracle/numerics.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

// x/2 + h(|x|), h a quartic picked by the top bits of |x| + 1.
void silu_piecewise(Builder& b, Constants& constants, int x, const Temps& t) {
  const numerics::SiluTable& table = numerics::silu_table();
  b.three(Opcode::bit_and, t[0], x, constants.in_register(t[0], 0x7fffffffu));
  constants.add(t[0], t[0], 1.0f);  // t0 = |x| + 1
  b.three(Opcode::min, t[1], t[0], constants.in_register(t[1], numerics::kSiluLimit));
  b.two(Opcode::shift_right, t[1], t[1], 22);  // t1 = segment, in its low bits
  int h = t[2], next = t[3];
  constants.lookup8(h, t[1], table.c[numerics::kSiluDegree]);
  for (size_t power = numerics::kSiluDegree; power-- > 0;) {
    constants.lookup8(next, t[1], table.c[power]);
    b.three(Opcode::fma, next, h, t[0]);
    std::swap(h, next);
  }
  constants.fma(h, x, 0.5f);
  b.two(Opcode::move, x, h);
}

// t[0] = exp(-v[x])
void exp_of_minus(Builder& b, Constants& constants, int x, const Temps& t) {
  using namespace numerics;
  const int r = t[0], n = t[1];
  constants.mul(r, x, -1.0f);
  b.three(Opcode::min, r, r, constants.in_register(n, kExpLimit));
  b.three(Opcode::max, r, r, constants.in_register(n, -kExpLimit));
  constants.mul(n, r, kLog2e);
  b.two(Opcode::to_int, n, n);
  b.two(Opcode::to_float, t[2], n);
  constants.fma(r, t[2], -kLn2High);
  constants.fma(r, t[2], -kLn2Low);
  int p = t[2], q = t[3];
  constants.copy(p, kExpPoly[0]);
  for (size_t i = 1; i < std::size(kExpPoly); ++i) {
    constants.copy(q, kExpPoly[i]);
    b.three(Opcode::fma, q, p, r);
    std::swap(p, q);
  }
  b.three(Opcode::mul, q, r, r);
  b.three(Opcode::fma, r, p, q);
  constants.add(r, r, 1.0f);
  b.two(Opcode::shift_left, n, n, 23);
  b.three(Opcode::add_i32, r, r, n);
}

}  // namespace

void emit_activation(Builder& b, Constants& constants, Activation activation, float alpha, bool exact, int x,
                     const Temps& t) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::silu:
      if (!exact) return silu_piecewise(b, constants, x, t);
      exp_of_minus(b, constants, x, t);
      constants.add(t[0], t[0], 1.0f);
      return b.three(Opcode::div, x, x, t[0]);
    case Activation::sigmoid:
      exp_of_minus(b, constants, x, t);
      constants.add(t[0], t[0], 1.0f);
      return b.three(Opcode::div, x, constants.in_register(t[1], 1.0f), t[0]);
    case Activation::relu:
      b.one(Opcode::zero, t[0]);
      return b.three(Opcode::max, x, x, t[0]);
    case Activation::leaky_relu:  // x < 0 ? alpha * x : x, for 0 <= alpha <= 1
      constants.mul(t[0], x, alpha);
      return b.three(Opcode::max, x, x, t[0]);
    case Activation::hard_swish:
      constants.copy(t[0], 0.5f);
      constants.fma(t[0], x, 1.0f / 6);
      b.one(Opcode::zero, t[1]);
      b.three(Opcode::max, t[0], t[0], t[1]);
      b.three(Opcode::min, t[0], t[0], constants.in_register(t[1], 1.0f));
      return b.three(Opcode::mul, x, x, t[0]);
  }
}

}  // namespace sparsec::kernels
