// vpmaddubsw adds u8 * s8 + u8 * s8 with saturation to 16 bits. The words that split_for_saturation makes never get
// there, whatever the bytes, and add up to the word that went in.
#include "codegen/kernels/saturation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sparsec::kernels {
namespace {

int weight(uint32_t word, int i) { return int8_t(word >> (8 * i)); }

// The extremes are reached where each byte is 0 or 255: the largest and the smallest sum of a pair.
bool saturates(uint32_t word) {
  for (int pair = 0; pair < 2; ++pair) {
    int most = 0, least = 0;
    for (int i = 2 * pair; i < 2 * pair + 2; ++i) {
      most += 255 * std::max(0, weight(word, i));
      least += 255 * std::min(0, weight(word, i));
    }
    if (most > 32767 || least < -32768) return true;
  }
  return false;
}

void check(uint32_t word) {
  const std::vector<uint32_t> parts = split_for_saturation(word);
  ASSERT_LE(parts.size(), 2u);
  int sum[4] = {};
  for (uint32_t part : parts) {
    ASSERT_NE(part, 0u) << std::hex << word;
    ASSERT_TRUE(is_saturation_safe(part)) << std::hex << word;
    ASSERT_FALSE(saturates(part)) << std::hex << word;
    for (int i = 0; i < 4; ++i) sum[i] += weight(part, i);
  }
  for (int i = 0; i < 4; ++i) ASSERT_EQ(sum[i], weight(word, i)) << std::hex << word;
}

// Both pairs are treated alike and apart: all 65536 pairs in each place, next to a still and to an extreme neighbour.
TEST(Saturation, EveryPair) {
  for (uint32_t pair = 0; pair < 65536; ++pair)
    for (uint32_t neighbour : {0x0000u, 0x8080u, 0x7f7fu, 0x807fu}) {
      check(pair | neighbour << 16);
      check(pair << 16 | neighbour);
      if (HasFatalFailure()) return;
    }
}

TEST(Saturation, RandomWords) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000000 && !HasFatalFailure(); ++i) check(uint32_t(random()));
}

// A word is split only where it must be: the bound is not just safe, it is the least one for a single product.
TEST(Saturation, SafeWordsStayWhole) {
  for (uint32_t pair = 0; pair < 65536; ++pair) {
    EXPECT_EQ(is_saturation_safe(pair), !saturates(pair)) << std::hex << pair;
    if (pair != 0 && is_saturation_safe(pair)) {
      ASSERT_EQ(split_for_saturation(pair), std::vector<uint32_t>{pair});
    }
  }
  EXPECT_TRUE(split_for_saturation(0).empty());
}

}  // namespace
}  // namespace sparsec::kernels
