// SiLU, sigmoid and the simple activations. Every line is a line of compiler/oracle/numerics.h, in the same order and
// rounding.
#include "codegen/kernels/activation.h"

#include <iterator>

#include "compiler/oracle/numerics.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

// As lookup8 wants it: twice.
std::vector<uint32_t> bits_of(const std::array<float, 8>& table) {
  std::vector<uint32_t> words;
  for (size_t i = 0; i < 2 * table.size(); ++i) words.push_back(std::bit_cast<uint32_t>(table[i % table.size()]));
  return words;
}

// x/2 + h(|x|), h a quartic picked by the top bits of |x| + 1.
void silu_piecewise(Builder& b, WordPool& pool, int x, const Temps& t) {
  const numerics::SiluTable& table = numerics::silu_table();
  const auto lookup = [&](int d, const std::array<float, 8>& c) {
    b.with_memory(Opcode::lookup8, d, t[1], pool.table(&c, bits_of(c)));
  };
  b.broadcast(t[0], pool.word(0x7fffffffu));
  b.three(Opcode::bit_and, t[0], x, t[0]);
  b.with_memory(Opcode::add_word, t[0], t[0], pool.word(1.0f));  // t0 = |x| + 1
  b.broadcast(t[1], pool.word(numerics::kSiluLimit));
  b.three(Opcode::min, t[1], t[0], t[1]);
  b.two(Opcode::shift_right, t[1], t[1], 22);  // t1 = segment, in its low bits
  int h = t[2], next = t[3];
  lookup(h, table.c[numerics::kSiluDegree]);
  for (size_t power = numerics::kSiluDegree; power-- > 0;) {
    lookup(next, table.c[power]);
    b.three(Opcode::fma, next, h, t[0]);
    std::swap(h, next);
  }
  b.with_memory(Opcode::fma_word, h, x, pool.word(0.5f));
  b.two(Opcode::move, x, h);
}

// t[0] = exp(-v[x])
void exp_of_minus(Builder& b, WordPool& pool, int x, const Temps& t) {
  using namespace numerics;
  const int r = t[0], n = t[1];
  b.with_memory(Opcode::mul_word, r, x, pool.word(-1.0f));
  b.broadcast(n, pool.word(kExpLimit));
  b.three(Opcode::min, r, r, n);
  b.broadcast(n, pool.word(-kExpLimit));
  b.three(Opcode::max, r, r, n);
  b.with_memory(Opcode::mul_word, n, r, pool.word(kLog2e));
  b.two(Opcode::to_int, n, n);
  b.two(Opcode::to_float, t[2], n);
  b.with_memory(Opcode::fma_word, r, t[2], pool.word(-kLn2High));
  b.with_memory(Opcode::fma_word, r, t[2], pool.word(-kLn2Low));
  int p = t[2], q = t[3];
  b.broadcast(p, pool.word(kExpPoly[0]));
  for (size_t i = 1; i < std::size(kExpPoly); ++i) {
    b.broadcast(q, pool.word(kExpPoly[i]));
    b.three(Opcode::fma, q, p, r);
    std::swap(p, q);
  }
  b.three(Opcode::mul, q, r, r);
  b.three(Opcode::fma, r, p, q);
  b.with_memory(Opcode::add_word, r, r, pool.word(1.0f));
  b.two(Opcode::shift_left, n, n, 23);
  b.three(Opcode::add_i32, r, r, n);
}

}  // namespace

void emit_activation(Builder& b, WordPool& pool, Activation activation, float alpha, bool exact, int x,
                     const Temps& t) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::silu:
      if (!exact) return silu_piecewise(b, pool, x, t);
      exp_of_minus(b, pool, x, t);
      b.with_memory(Opcode::add_word, t[0], t[0], pool.word(1.0f));
      return b.three(Opcode::div, x, x, t[0]);
    case Activation::sigmoid:
      exp_of_minus(b, pool, x, t);
      b.with_memory(Opcode::add_word, t[0], t[0], pool.word(1.0f));
      b.broadcast(t[1], pool.word(1.0f));
      return b.three(Opcode::div, x, t[1], t[0]);
    case Activation::relu:
      b.one(Opcode::zero, t[0]);
      return b.three(Opcode::max, x, x, t[0]);
    case Activation::leaky_relu:  // x < 0 ? alpha * x : x, for 0 <= alpha <= 1
      b.with_memory(Opcode::mul_word, t[0], x, pool.word(alpha));
      return b.three(Opcode::max, x, x, t[0]);
    case Activation::hard_swish:
      b.broadcast(t[0], pool.word(0.5f));
      b.with_memory(Opcode::fma_word, t[0], x, pool.word(1.0f / 6));
      b.one(Opcode::zero, t[1]);
      b.three(Opcode::max, t[0], t[0], t[1]);
      b.broadcast(t[1], pool.word(1.0f));
      b.three(Opcode::min, t[0], t[0], t[1]);
      return b.three(Opcode::mul, x, x, t[0]);
  }
}

}  // namespace sparsec::kernels
