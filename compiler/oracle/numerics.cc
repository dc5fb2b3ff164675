// The table behind numerics::silu: per segment, the cubic through h at the four Chebyshev nodes.
//
// Interpolation there is within a hair of minimax. All is computed in double by +, -, *, / alone, which IEEE 754 rounds
// the same way everywhere, so that every machine that compiles a model puts the same 64 floats into it; libm's exp
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
  constexpr double kOuter = 0.92387953251128675613, kInner = 0.38268343236508977173;  // nodes of degree 4: cos(22.5), cos(67.5) degrees
  SiluTable table{};
  for (int octave = 0; octave < 4; ++octave) {
    for (int part = 0; part < 4; ++part) {
      const double width = double(1 << octave) / 4, low = double(1 << octave) + part * width, middle = low + width / 2, half = width / 2;
      const size_t i = (std::bit_cast<uint32_t>(float(low)) >> 21) & 15;
      if (octave == 3 && part == 3) {  // from 13 on h is the line a/2 = (b - 1)/2, to within a e^-a
        table.c0[i] = -0.5f;
        table.c1[i] = 0.5f;
        continue;
      }
      // Newton's form on the nodes, then multiplied out by Horner's rule from the highest difference down.
      const std::array<double, 4> x{middle - kOuter * half, middle - kInner * half, middle + kInner * half, middle + kOuter * half};
      std::array<double, 4> d{h(x[0] - 1), h(x[1] - 1), h(x[2] - 1), h(x[3] - 1)};
      for (size_t order = 1; order < 4; ++order)
        for (size_t k = 3; k >= order; --k) d[k] = (d[k] - d[k - 1]) / (x[k] - x[k - order]);
      std::array<double, 4> c{d[3], 0, 0, 0};  // lowest power first
      for (size_t k = 3; k-- > 0;) {
        for (size_t power = 3; power > 0; --power) c[power] = c[power - 1] - x[k] * c[power];
        c[0] = d[k] - x[k] * c[0];
      }
      table.c0[i] = float(c[0]);
      table.c1[i] = float(c[1]);
      table.c2[i] = float(c[2]);
      table.c3[i] = float(c[3]);
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
