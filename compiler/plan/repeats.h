// Resizing by a whole number: every row, or column, is taken equally often and in order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sparsec {

// How often each index of a dimension of that size is taken, where that is so.
inline std::optional<int32_t> times_each(const std::vector<int64_t>& source, int64_t size) {
  const auto n = int64_t(source.size());
  if (size == 0 || n % size != 0) return std::nullopt;
  const int64_t times = n / size;
  for (int64_t i = 0; i < n; ++i)
    if (source[size_t(i)] != i / times) return std::nullopt;
  return int32_t(times);
}

}  // namespace sparsec
