// The floats around a number, for searches after one that rounds as it should.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

namespace sparsec {

// x, and then so many floats above and below it, nearest first.
inline std::vector<float> around(float x, int neighbours) {
  std::vector<float> near{x};
  float up = x, down = x;
  for (int i = 0; i < neighbours; ++i) {
    near.push_back(up = std::nextafterf(up, std::numeric_limits<float>::infinity()));
    near.push_back(down = std::nextafterf(down, -std::numeric_limits<float>::infinity()));
  }
  return near;
}

}  // namespace sparsec
