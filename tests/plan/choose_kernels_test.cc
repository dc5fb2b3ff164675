// Which family the planner takes for layers that are clearly dense or clearly sparse.
#include "compiler/plan/choose_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace sparsec {
namespace {

using kernels::ConvFamily;
using kernels::ConvSpec;

constexpr int64_t kTiles = 105;  // 40x40 pixels

// Every `each`th word is not zero.
ConvSpec spec_of(bool integer, int64_t in_channels, size_t taps, int64_t rows, size_t each) {
  ConvSpec s;
  s.integer = integer;
  s.in_planes = integer ? in_channels / 4 : in_channels;
  s.in_plane_bytes = 8192;
  for (size_t t = 0; t < taps; ++t) s.taps.push_back(int64_t(t) * 4);
  s.rows = rows;
  const uint32_t word = integer ? 0x01020304 : std::bit_cast<uint32_t>(0.5f);
  for (size_t i = 0; i < size_t(rows * s.in_planes) * taps; ++i) s.words.push_back(i % each == 0 ? word : 0);
  s.bias.assign(size_t(rows), 0);
  if (integer) s.multiplier.assign(size_t(rows), 0.01f);
  s.outputs.resize(1);
  s.outputs[0].f32 = !integer;
  s.outputs[0].quant = {0.1f, 0};
  return s;
}

ConvFamily choice(const char* isa, const ConvSpec& spec) {
  return choose_kernel(*find_isa(isa), spec, kTiles, {}).family;
}

TEST(ChooseKernel, DenseLayersTakeTwoVectorsAtATime) {
  EXPECT_EQ(choice("avx512_vnni", spec_of(false, 64, 9, 64, 1)), ConvFamily::dense);
  EXPECT_EQ(choice("avx512_vnni", spec_of(false, 256, 1, 128, 1)), ConvFamily::dense);
  EXPECT_EQ(choice("avx512_vnni", spec_of(true, 128, 9, 128, 1)), ConvFamily::dense);
}

TEST(ChooseKernel, SparseLayersAreUnrolled) {
  for (const char* isa : {"avx512_vnni", "amx", "avx2", "neon_dotprod"}) {
    EXPECT_EQ(choice(isa, spec_of(true, 128, 9, 128, 17)), ConvFamily::unrolled) << isa;
    EXPECT_EQ(choice(isa, spec_of(false, 64, 9, 64, 17)), ConvFamily::unrolled) << isa;
  }
}

// One plane a run, so that pairs of vectors would multiply by nothing that is zero either; but a product needs an input
// vector of its own.
TEST(ChooseKernel, SparseLayersOfFewPlanesAreUnrolled) {
  std::mt19937 random(94);
  for (const int64_t channels : {64, 128}) {
    ConvSpec spec = spec_of(true, channels, 9, channels, 1);
    for (uint32_t& word : spec.words)
      if (random() % 100 < 94) word = 0;
    for (const char* isa : {"avx512_vnni", "amx"})
      EXPECT_EQ(choice(isa, spec), ConvFamily::unrolled) << isa << channels;
  }
}

// Their end costs more than unrolled kernels' loads.
TEST(ChooseKernel, FloatLayersOfFewInputsAreUnrolled) {
  EXPECT_EQ(choice("avx512_vnni", spec_of(false, 64, 1, 64, 1)), ConvFamily::unrolled);
}

// What counts as fetched code beside pairs of vectors counts nowhere else.
TEST(ChooseKernel, WithoutPairsFloatLayersStayUnrolled) {
  for (const char* isa : {"neon_dotprod", "neon_i8mm", "avx2"})
    EXPECT_EQ(choice(isa, spec_of(false, 256, 1, 128, 1)), ConvFamily::unrolled) << isa;
}

TEST(ChooseKernel, TilesDoDenseBytes) {
  EXPECT_EQ(choice("amx", spec_of(true, 128, 9, 128, 1)), ConvFamily::amx);
  EXPECT_EQ(choice("amx", spec_of(false, 128, 9, 128, 1)), ConvFamily::dense);
}

}  // namespace
}  // namespace sparsec
