// Which 1x4 blocks fit vpmaddubsw, proved from their weights.
#include "codegen/kernels/saturation.h"

namespace sparsec::kernels {

bool is_saturation_safe(uint32_t word) { return is_saturation_safe(std::span(&word, 1)); }

bool is_saturation_safe(std::span<const uint32_t> words) {
  for (int pair = 0; pair < 2; ++pair) {
    int positive = 0, negative = 0;
    for (uint32_t word : words)
      for (int i = 0; i < 2; ++i) {
        const auto w = static_cast<int8_t>(word >> (8 * (2 * pair + i)));
        (w > 0 ? positive : negative) += w;
      }
    if (positive > 128 || negative < -128) return false;
  }
  return true;
}

std::vector<uint32_t> split_for_saturation(uint32_t word) {
  if (word == 0) return {};
  if (is_saturation_safe(word)) return {word};
  std::vector<uint32_t> parts;
  for (uint32_t mask : {0x00ff00ffu, 0xff00ff00u})
    if ((word & mask) != 0) parts.push_back(word & mask);
  return parts;
}

}  // namespace sparsec::kernels
