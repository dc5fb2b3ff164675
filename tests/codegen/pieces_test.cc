// A convolution kernel cut into pieces gives what the whole one gives, bit for bit.
#include "tests/support/conv_kernels.h"

namespace sparsec {
namespace {

using kernels::ConvFamily;
using kernels::ConvSpec;

TEST(ConvPieces, GiveTheSameBits) {
  std::mt19937 random(5);
  for (const Isa* isa : all_isas())
    for (bool integer : {true, false}) {
      const ConvSpec spec = testing::conv_spec(integer, random);
      const std::vector<uint8_t> input = testing::conv_input(integer, random);
      const std::vector<uint8_t> whole = testing::run_conv(*isa, spec, ConvFamily::unrolled, 1, input);
      EXPECT_NE(whole, std::vector<uint8_t>(whole.size(), 0));
      for (size_t pieces : {2, 3, 7})
        EXPECT_EQ(testing::run_conv(*isa, spec, ConvFamily::unrolled, pieces, input), whole)
            << isa->name << ' ' << pieces;
    }
}

// As many for each group, and no more than the products ask for.
TEST(ConvPieces, CountFollowsTheFullestGroup) {
  std::mt19937 random(7);
  ConvSpec spec = testing::conv_spec(true, random);
  for (const Isa* isa : all_isas()) {
    if (isa->piece_products == 0) {
      EXPECT_EQ(kernels::piece_count(*isa, spec, ConvFamily::unrolled, {0, 8}), 1u) << isa->name;
      continue;
    }
    const auto limit = size_t(isa->piece_products);
    spec.in_planes = int64_t(limit);
    spec.taps = {0};
    spec.words.assign(8 * limit, 1);
    EXPECT_EQ(kernels::piece_count(*isa, spec, ConvFamily::unrolled, {0, 8}), 8u);
    EXPECT_EQ(kernels::piece_count(*isa, spec, ConvFamily::unrolled, {0, 2, 8}), 6u);
    spec.words.assign(8 * limit, 0);
    EXPECT_EQ(kernels::piece_count(*isa, spec, ConvFamily::unrolled, {0, 8}), 1u);
  }
}

// Twenty tiles of weights stay in the first-level cache; a block of planes is not cut.
TEST(ConvPieces, OfTilesByTheWeightsThatStay) {
  const Isa& isa = *find_isa("amx");
  ConvSpec spec;
  spec.in_plane_bytes = 1024;
  spec.taps = {0, 4, 8};
  spec.rows = 64;
  const auto pieces_of_blocks = [&](int64_t blocks) {
    spec.in_planes = blocks * 16;
    spec.words.assign(size_t(spec.rows * spec.in_planes) * spec.taps.size(), 1);
    return kernels::piece_count(isa, spec, ConvFamily::amx, {0, 32, 64});
  };
  EXPECT_EQ(pieces_of_blocks(1), 1u);
  EXPECT_EQ(pieces_of_blocks(3), 1u);  // 18 tiles
  EXPECT_EQ(pieces_of_blocks(4), 2u);  // 24
  EXPECT_EQ(pieces_of_blocks(10), 3u);
  spec.words.assign(spec.words.size(), 0);
  EXPECT_EQ(kernels::piece_count(isa, spec, ConvFamily::amx, {0, 32, 64}), 1u);
  spec.taps.assign(30, 0);
  EXPECT_EQ(pieces_of_blocks(2), 2u);
}

}  // namespace
}  // namespace sparsec
