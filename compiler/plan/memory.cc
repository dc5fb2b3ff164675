// The arena: every buffer gets an offset at which no other buffer that lives at the same time overlaps it.
//
// Greedy: buffers in some order, each at the lowest free offset. No order is best for every network, so a few are tried
// (largest first; longest-lived first; most bytes times steps first; first used first) and the smallest arena wins:
// within a few per cent of the peak of live bytes on detectors.
#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/plan/lowering.h"

namespace sparsec {
namespace {

constexpr int64_t kAlign = 64;

int64_t place_in_order(std::vector<Buffer>& buffers, const std::vector<size_t>& order) {
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
    const auto by_offset = [&](size_t x, size_t y) { return buffers[x].offset < buffers[y].offset; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i, by_offset), i);
  }
  return (end + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

int64_t place_buffers(std::vector<Buffer>& buffers) {
  const auto steps = [](const Buffer& b) { return int64_t(b.last) - b.first + 1; };
  const std::function<int64_t(const Buffer&)> keys[] = {
      [](const Buffer& b) { return b.bytes; },
      steps,
      [&](const Buffer& b) { return b.bytes * steps(b); },
      [](const Buffer& b) { return -int64_t(b.first); },
  };
  std::vector<Buffer> best;
  int64_t least = INT64_MAX;
  for (const auto& key : keys) {
    std::vector<size_t> order(buffers.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(buffers[a]) > key(buffers[b]); });
    std::vector<Buffer> tried = buffers;
    const int64_t end = place_in_order(tried, order);
    if (end >= least) continue;
    least = end;
    best = std::move(tried);
  }
  buffers = std::move(best);
  return least;
}

}  // namespace sparsec
