// The integer nearest to what a float says: out of range saturates, NaN is 0; fractions are cut off.
#pragma once

#include <cmath>
#include <limits>

namespace sparsec::oracle {

template <typename T>
T saturate(double x) {
  if (std::isnan(x)) return 0;
  if (x <= double(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (x >= double(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return T(x);
}

}  // namespace sparsec::oracle
