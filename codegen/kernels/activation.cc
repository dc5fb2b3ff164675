// SiLU, sigmoid and the simple activations. Every line is a line of compiler/oracle/numerics.h or piecewise.h, in the
// same order and rounding.
#include "codegen/kernels/activation.h"

#include <iterator>

#include "compiler/oracle/numerics.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

// By signed segments.
int piecewise_signed(Builder& b, Constants& constants, const numerics::Piecewise& f, int u, const Temps& t) {
  b.three(Opcode::limit, t[0], u, constants.in_register(t[0], float(numerics::Piecewise::kLast)));
  constants.add(t[0], t[0], numerics::kRoundBits);
  const auto rows = f.signed_form();
  int h = t[1], next = t[2];
  constants.lookup16(h, t[0], &f.c[f.kDegree], rows[f.kDegree]);
  for (size_t power = f.kDegree; power-- > 0;) {
    constants.lookup16(next, t[0], &f.c[power], rows[power]);
    b.three(Opcode::fma, next, h, u);
    std::swap(h, next);
  }
  return h;
}

// By segments of |u|.
int piecewise_mirrored(Builder& b, Constants& constants, const numerics::Piecewise& f, int u, const Temps& t) {
  const int a = t[0], segment = t[1];
  int h = t[2], next = t[3];
  b.three(Opcode::bit_and, a, u, constants.in_register(a, 0x7fffffffu));
  b.three(Opcode::min, segment, a, constants.in_register(segment, float(numerics::Piecewise::kLast)));
  constants.add(segment, segment, numerics::kRoundBits);
  const bool odd = f.symmetry == numerics::Piecewise::Symmetry::odd;
  constants.lookup8(h, segment, f.c[f.kDegree]);
  for (size_t power = f.kDegree; power-- > (odd ? 1 : 2);) {
    constants.lookup8(next, segment, f.c[power]);
    b.three(Opcode::fma, next, h, a);
    std::swap(h, next);
  }
  if (odd) {  // h * u + (simple + c with u's sign)
    constants.lookup8(next, segment, f.c[0]);
    b.three(Opcode::bit_xor, a, a, u);
    b.three(Opcode::bit_xor, next, next, a);
    constants.add(next, next, f.simple);
    b.three(Opcode::fma, next, h, u);
    return next;
  }
  // (h * a + (c + simple with u's sign)) * a + c
  b.three(Opcode::bit_xor, u, u, a);
  b.three(Opcode::bit_or, u, u, constants.in_register(next, f.simple));
  constants.lookup8(next, segment, f.c[1]);
  b.three(Opcode::add, next, next, u);
  b.three(Opcode::fma, next, h, a);
  constants.lookup8(h, segment, f.c[0]);
  b.three(Opcode::fma, h, next, a);
  return h;
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

int emit_piecewise(Builder& b, Constants& constants, const numerics::Piecewise& f, int u, const Temps& t) {
  return constants.has_lookup16() ? piecewise_signed(b, constants, f, u, t) : piecewise_mirrored(b, constants, f, u, t);
}

void emit_activation(Builder& b, Constants& constants, Activation activation, float alpha, int x, const Temps& t) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::silu:
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
