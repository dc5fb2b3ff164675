// The tables, all in double by +, -, *, / alone, which IEEE 754 rounds the same way everywhere, so that every machine
// that compiles a model puts the same floats into it; libm's exp would not promise that. Interpolation at the Chebyshev
// nodes is within a hair of minimax.
#include "compiler/oracle/piecewise.h"

#include <algorithm>

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

// o(a) = tanh(a/2) / 2 = sigmoid(a) - 1/2.
double o(double a) {
  const double e = exp_of_minus(a);
  return (1 - e) / (1 + e) / 2;
}

using Quintic = std::array<double, Piecewise::kDegree + 1>;

// The quintic in |u| through f at the Chebyshev nodes of segment i, which is `width` of x wide. Newton's divided
// differences, multiplied out by Horner's rule from the highest down.
Quintic quintic(double (*f)(double), int i, double width) {
  // cos of 15, 45 and 75 degrees, and their negatives
  constexpr Quintic kNode{-0.96592582628906828675, -0.70710678118654752440, -0.25881904510252076235,
                          0.25881904510252076235,  0.70710678118654752440,  0.96592582628906828675};
  constexpr size_t kNodes = kNode.size();
  Quintic u, d, c{};
  for (size_t k = 0; k < kNodes; ++k) {
    u[k] = i + kNode[k] / 2;
    d[k] = f(u[k] * width);
  }
  for (size_t order = 1; order < kNodes; ++order)
    for (size_t k = kNodes - 1; k >= order; --k) d[k] = (d[k] - d[k - 1]) / (u[k] - u[k - order]);
  c[0] = d[kNodes - 1];
  for (size_t k = kNodes - 1; k-- > 0;) {
    for (size_t power = kNodes - 1; power > 0; --power) c[power] = c[power - 1] - u[k] * c[power];
    c[0] = d[k] - u[k] * c[0];
  }
  return c;
}

// The table of `line`, which f is from `reach` on, and of quintics before that; divided by `step`.
Piecewise fit(Piecewise::Symmetry symmetry, double (*f)(double), double reach, double simple, const Quintic& line,
              double step, double offset) {
  const double width = reach / (Piecewise::kLast - 0.5);
  Piecewise p{.symmetry = symmetry, .segments = float(1 / width), .simple = float(simple / step)};
  for (int i = 0; i <= Piecewise::kLast; ++i) {
    const Quintic c = i < Piecewise::kLast ? quintic(f, i, width) : line;
    for (size_t power = 0; power < c.size(); ++power) {
      // the middle segment's own symmetry: what is left of the other powers is rounding
      const bool there = i > 0 || (power % 2 == 0) == (symmetry == Piecewise::Symmetry::even);
      p.c[power][size_t(i)] = float((there ? c[power] / step : 0) + (power == 0 ? offset : 0));
    }
  }
  return p;
}

// -silu(-a): how far silu is from x, or from nothing, at |x| = a.
double gap(double a) { return a / 2 - h(a); }

}  // namespace

std::array<std::array<float, 16>, Piecewise::kDegree + 1> Piecewise::signed_form() const {
  std::array<std::array<float, 16>, kDegree + 1> table{};
  for (size_t i = 0; i <= kLast; ++i) {
    const size_t minus = (16 - i) % 16;
    for (size_t power = 0; power <= kDegree; ++power) {
      const bool flips = (power % 2 == 0) == (symmetry == Symmetry::odd);
      table[power][minus] = flips ? -c[power][i] : c[power][i];
      table[power][i] = c[power][i];
    }
    std::array<float, 16>& own = table[simple_power()];
    own[minus] = simple - c[simple_power()][i];
    own[i] = simple + c[simple_power()][i];
  }
  for (auto& row : table) row[8] = row[9];  // never looked up
  return table;
}

namespace {

// The nearest |x| to zero beyond which silu is x, or nothing, to within an error.
double silu_reach(double error) {
  double a = 2;  // gap is largest at 1.3
  while (a < 15.5 && gap(a) > error) a += 1.0 / 16;
  return a;
}

Piecewise silu_of(double reach, double step, double offset) {
  const double half = reach / (Piecewise::kLast - 0.5) / 2;  // x/2 is so much of u
  return fit(Piecewise::Symmetry::even, h, reach, half, {0, half, 0, 0, 0, 0}, step, offset);
}

}  // namespace

// Segments are the narrower, and the quintics the closer, the sooner silu is taken for a line. That is at kFarthest,
// where it is off by 1.1e-3, and where inputs are few; sooner without a residual, where every result is cut off at 255,
// or where what is nothing to within 0.4 steps is rounded to the zero point either way.
constexpr double kFarthest = 9;

Piecewise silu_in_steps(Quant out, const Quant* residual) {
  const double step = out.scale;
  if (residual != nullptr)
    return silu_of(kFarthest, step, out.zero_point - residual->zero_point * double(residual->scale) / step);
  const double top = (256 - out.zero_point) * step + 0.3;  // x - silu(x) is 0.28 at most
  return silu_of(std::min(kFarthest, std::max(silu_reach(0.4 * step), top)), step, out.zero_point);
}

Piecewise silu() { return silu_of(kFarthest, 1, 0); }

Piecewise sigmoid() { return fit(Piecewise::Symmetry::odd, o, 12, 0.5, {0.5, 0, 0, 0, 0, 0}, 1, 0); }

}  // namespace sparsec::numerics
