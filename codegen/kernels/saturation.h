// vpmaddubsw adds two u8 x s8 products into 16 bits with saturation: exact for every input if the weights of each pair
// are small enough.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sparsec::kernels {

// 255 * (sum of the positive weights) <= 32767 and 255 * (sum of the negative ones) >= -32768, for both pairs of the
// four int8 weights in the word.
bool is_saturation_safe(uint32_t word);

// The same for the sum of several products, each of another input with one of the words.
bool is_saturation_safe(std::span<const uint32_t> words);

// The word itself when it is safe, else two words of which it is the sum: even bytes and odd bytes, one product a pair.
// Zero words are dropped.
std::vector<uint32_t> split_for_saturation(uint32_t word);

}  // namespace sparsec::kernels
