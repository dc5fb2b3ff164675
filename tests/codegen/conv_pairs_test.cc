// Dense float kernels of two vectors at a time, against plain loops: every number of rows that fits, even and odd
// numbers of vectors, planes that meet other taps than their neighbours.
#include "codegen/kernels/conv_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "codegen/interpret.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kernels::ConvFamily;
using kernels::ConvKernel;
using kernels::ConvSpec;
using kir::Opcode;

constexpr int64_t kPlanes = 7, kPlaneFloats = 200, kBefore = 40, kMostTiles = 5;

// Planes 0 to 3 meet all taps, 4 and 5 the first alone, 6 none but the last.
ConvSpec spec_of(int64_t rows, int64_t out_plane_floats, std::mt19937& random) {
  const auto real = [&] { return std::uniform_real_distribution<float>(-2, 2)(random); };
  ConvSpec s;
  s.integer = false;
  s.in_planes = kPlanes;
  s.in_plane_bytes = kPlaneFloats * 4;
  s.taps = {-76, 0, 4, 84};
  s.rows = rows;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t plane = 0; plane < kPlanes; ++plane)
      for (size_t tap = 0; tap < s.taps.size(); ++tap) {
        const bool met = plane < 4 || (plane < 6 ? tap == 0 : tap == 3);
        s.words.push_back(met ? std::bit_cast<uint32_t>(real()) : 0);
      }
  for (int64_t row = 0; row < rows; ++row) s.bias.push_back(real());
  s.activation = Activation::relu;
  s.outputs.resize(1);
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = out_plane_floats * 4;
  s.outputs[0].planes = rows;
  return s;
}

float plain(const ConvSpec& spec, const std::vector<float>& input, int64_t row, int64_t pixel) {
  float sum = spec.bias[size_t(row)];
  for (int64_t plane = 0; plane < kPlanes; ++plane)
    for (size_t tap = 0; tap < spec.taps.size(); ++tap)
      sum = std::fma(input[size_t(kBefore + plane * kPlaneFloats + spec.taps[tap] / 4 + pixel)],
                     std::bit_cast<float>(spec.word(row, plane, tap)), sum);
  return std::max(sum, 0.0f);
}

std::vector<ConvKernel> dense_kernels(const Isa& isa, const ConvSpec& spec, kernels::WordPool& pool) {
  return kernels::lower_conv(isa, spec, ConvFamily::dense, 0, spec.rows, 1, pool, "k", "");
}

TEST(ConvPairs, ComputesWhatPlainLoopsDo) {
  std::mt19937 random(8);
  std::vector<float> input(size_t(2 * kBefore + kPlanes * kPlaneFloats));
  for (float& f : input) f = std::uniform_real_distribution<float>(-3, 3)(random);
  for (const Isa* isa : all_isas()) {
    const int64_t out_plane = kMostTiles * isa->lanes;
    if (!kernels::takes_pairs(*isa, spec_of(1, out_plane, random))) continue;
    const int64_t most = kernels::max_rows_of_pairs(*isa, spec_of(1, out_plane, random));
    for (int64_t rows = 1; rows <= most; ++rows)
      for (int64_t tiles = 1; tiles <= kMostTiles; ++tiles) {
        const ConvSpec spec = spec_of(rows, out_plane, random);
        kernels::WordPool pool(kernels::kPoolPointer);
        const ConvKernel k = dense_kernels(*isa, spec, pool).front();
        std::vector<float> output(size_t(rows * out_plane), -1);
        const void* pointers[2 * SPARSEC_MAX_POINTERS] = {input.data() + kBefore, k.stream.data(), pool.words().data(),
                                                          output.data()};
        kir::interpret(*isa, k.function, pointers, tiles);
        for (int64_t row = 0; row < rows; ++row)
          for (int64_t pixel = 0; pixel < out_plane; ++pixel)
            ASSERT_EQ(output[size_t(row * out_plane + pixel)],
                      pixel < tiles * isa->lanes ? plain(spec, input, row, pixel) : -1)
                << isa->name << ", " << rows << " rows, " << tiles << " vectors, row " << row << ", pixel " << pixel;
      }
  }
}

// A weight is loaded once for two products, but for the vector that is left.
TEST(ConvPairs, LoadsAWeightOnceForBothVectors) {
  const Isa& isa = *find_isa("avx512_vnni");
  std::mt19937 random(9);
  const int64_t rows = kernels::max_rows_of_pairs(isa, spec_of(1, 64, random));
  const ConvSpec spec = spec_of(rows, 64, random);
  kernels::WordPool pool(kernels::kPoolPointer);
  const ConvKernel k = dense_kernels(isa, spec, pool).front();
  const int64_t written = rows * (4 + 1 + 1);  // products of the three runs' bodies
  EXPECT_EQ(std::ranges::count(k.function.code, Opcode::fma, &kir::Insn::op), written * 3);
  EXPECT_EQ(std::ranges::count(k.function.code, Opcode::broadcast, &kir::Insn::op), (written + rows) * 2);
  EXPECT_EQ(int64_t(k.stream.size()), rows + rows * (4 * 4 + 2 + 1));  // biases, and each weight that is met, once
  EXPECT_EQ(k.products, rows * (4 * 4 + 2 + 1));
}

// Two accumulators a row, two vectors and a weight.
TEST(ConvPairs, GroupsFitTheRegisters) {
  std::mt19937 random(10);
  const ConvSpec spec = spec_of(64, 64, random);
  for (const Isa* isa : all_isas()) {
    const std::vector<int64_t> borders = kernels::row_groups(*isa, spec, ConvFamily::dense);
    int64_t most = 0;
    for (size_t g = 0; g + 1 < borders.size(); ++g) most = std::max(most, borders[g + 1] - borders[g]);
    if (kernels::takes_pairs(*isa, spec)) {
      EXPECT_LE(2 * most + 3, isa->registers) << isa->name;
    }
    EXPECT_EQ(kernels::takes_pairs(*isa, spec), isa->name == "avx512_vnni" || isa->name == "amx") << isa->name;
  }
}

}  // namespace
}  // namespace sparsec
