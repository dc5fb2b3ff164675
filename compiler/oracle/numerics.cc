// The table behind numerics::silu: per segment, the quadratic through h at the three Chebyshev nodes.
//
// Interpolation there is within a hair of minimax. All is computed in double by +, -, *, / alone, which IEEE 754 rounds
// the same way everywhere, so that every machine that compiles a model puts the same 96 floats into it; libm's exp
// would not promise that.
#include "compiler/oracle/numerics.h"

namespace sparsec::numerics {
namespace {

// e^-a for a in [0, 16]: Taylor's series at a / 64, squared six times.
double exp_of_minus(double a) {
  const double x = -a / 64;
  double term = 1, sum = 1;
  for (int n = 1; n < 20; ++n) {
    term = term * x / n;
    sum += term;
  }
  for (int i = 0; i < 6; ++i) sum *= sum;
  return sum;
}

// h(a) = a/2 * tanh(a/2) = silu(x) - x/2 for a = |x|.
double h(double a) {
  const double e = exp_of_minus(a);
  return a / 2 * (1 - e) / (1 + e);
}

SiluTable fit() {
  constexpr double kHalfRoot3 = 0.86602540378443864676;  // the outer nodes of degree 3: cos(30 degrees)
  SiluTable table{};
  for (int octave = 0; octave < 4; ++octave) {
    for (int part = 0; part < 8; ++part) {
      const double width = double(1 << octave) / 8, low = double(1 << octave) + part * width, middle = low + width / 2;
      const size_t i = (std::bit_cast<uint32_t>(float(low)) >> 20) & 31;
      if (octave == 3 && part == 7) {  // from 15 on h is the line a/2 = (b - 1)/2, to within a e^-a
        table.c0[i] = -0.5f;
        table.c1[i] = 0.5f;
        table.c2[i] = 0;
        continue;
      }
      // Newton's form on the nodes b0, b1, b2, multiplied out.
      const double b0 = middle - kHalfRoot3 * width / 2, b1 = middle, b2 = middle + kHalfRoot3 * width / 2;
      const double h0 = h(b0 - 1), h1 = h(b1 - 1), h2 = h(b2 - 1);
      const double d01 = (h1 - h0) / (b1 - b0), d12 = (h2 - h1) / (b2 - b1), d012 = (d12 - d01) / (b2 - b0);
      table.c2[i] = float(d012);
      table.c1[i] = float(d01 - d012 * (b0 + b1));
      table.c0[i] = float(h0 - d01 * b0 + d012 * b0 * b1);
    }
  }
  return table;
}

}  // namespace

const SiluTable& silu_table() {
  static const SiluTable table = fit();
  return table;
}

}  // namespace sparsec::numerics
