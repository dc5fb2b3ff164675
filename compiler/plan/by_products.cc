#include "compiler/plan/by_products.h"

#include <cmath>
#include <limits>

#include "compiler/oracle/numerics.h"

namespace sparsec {

std::optional<kernels::HalfReciprocal> in_products(Quant quant) {
  constexpr float kLeastScale = 1e-30f, kMostScale = 1e30f, kInfinity = std::numeric_limits<float>::infinity();
  if (!(quant.scale > kLeastScale && quant.scale < kMostScale)) return std::nullopt;
  const double half = 1 / (2 * double(quant.scale));
  const auto high = float(half), low = float(half - double(high));
  const auto divided = [&](float x) { return numerics::level_of(x / quant.scale, quant.zero_point); };
  const auto multiplied = [&](float x) {
    return numerics::level_of(numerics::fma(2 * x, high, 2 * x * low), quant.zero_point);
  };
  for (int level = 1; level <= 255; ++level) {
    float reaches = float((level - 0.5 - quant.zero_point) * double(quant.scale));  // or a neighbour
    while (divided(reaches) >= level) reaches = std::nextafterf(reaches, -kInfinity);
    while (divided(reaches) < level) reaches = std::nextafterf(reaches, kInfinity);
    const float below = std::nextafterf(reaches, -kInfinity);
    if (multiplied(below) >= level || multiplied(reaches) < level) return std::nullopt;
  }
  return kernels::HalfReciprocal{high, low};
}

}  // namespace sparsec
