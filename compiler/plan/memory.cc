// The arena: every buffer gets an offset at which no other buffer that lives at the same time overlaps it.
//
// Greedy by size (largest first), each at the lowest free offset: within a few per cent of the peak of live bytes on
// detectors.
#include <algorithm>
#include <numeric>

#include "compiler/plan/lowering.h"

namespace sparsec {

int64_t place_buffers(std::vector<Buffer>& buffers) {
  constexpr int64_t kAlign = 64;
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<size_t> placed;  // by offset
  int64_t end = 0;
  for (size_t i : order) {
    Buffer& b = buffers[i];
    if (b.last < 0) continue;  // nobody touches it
    int64_t at = 0;
    for (size_t j : placed) {
      const Buffer& other = buffers[j];
      if (other.last < b.first || b.last < other.first) continue;
      if (at + b.bytes <= other.offset) break;
      at = std::max(at, (other.offset + other.bytes + kAlign - 1) / kAlign * kAlign);
    }
    b.offset = at;
    end = std::max(end, at + b.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](size_t x, size_t y) { return buffers[x].offset < buffers[y].offset; }),
                  i);
  }
  return (end + kAlign - 1) / kAlign * kAlign;
}

}  // namespace sparsec
