// The table behind numerics::silu: per segment, the quartic through h at the five Chebyshev nodes.
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
  constexpr size_t kNodes = kSiluDegree + 1;
  // cos of 18, 54 and 90 degrees, and their negatives
  constexpr std::array<double, kNodes> kNode{-0.95105651629515357212, -0.58778525229247312917, 0,
                                             0.58778525229247312917, 0.95105651629515357212};
  SiluTable table{};
  for (int octave = 0; octave < 4; ++octave) {
    for (int part = 0; part < 2; ++part) {
      const double width = double(1 << octave) / 2, low = double(1 << octave) + part * width, middle = low + width / 2;
      const size_t i = (std::bit_cast<uint32_t>(float(low)) >> 22) & 7;
      if (octave == 3 && part == 1) {  // from 11 on h is the line a/2 = (b - 1)/2, to within a e^-a
        table.c[0][i] = -0.5f;
        table.c[1][i] = 0.5f;
        continue;
      }
      // Newton's divided differences on the nodes, then multiplied out by Horner's rule from the highest down.
      std::array<double, kNodes> x, d, c{};
      for (size_t k = 0; k < kNodes; ++k) {
        x[k] = middle + kNode[k] * width / 2;
        d[k] = h(x[k] - 1);
      }
      for (size_t order = 1; order < kNodes; ++order)
        for (size_t k = kNodes - 1; k >= order; --k) d[k] = (d[k] - d[k - 1]) / (x[k] - x[k - order]);
      c[0] = d[kNodes - 1];
      for (size_t k = kNodes - 1; k-- > 0;) {
        for (size_t power = kNodes - 1; power > 0; --power) c[power] = c[power - 1] - x[k] * c[power];
        c[0] = d[k] - x[k] * c[0];
      }
      for (size_t power = 0; power < kNodes; ++power) table.c[power][i] = float(c[power]);
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
