// Convolutions by tiles against those by vectors, interpreted, on random shapes: planes that do not cut into
// equal blocks, rows that do not fill a pass, vectors that do not pair, all-zero tiles, every kind of output.
#include "codegen/kernels/conv_amx.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "codegen/interpret.h"

namespace sparsec {
namespace {

using kernels::ConvPointer;
using kernels::ConvSpec;

constexpr int64_t kMaxTiles = 7, kPlaneBytes = 640;  // of every tensor: pixels, and what taps read beyond

const Isa& amx_isa() { return *find_isa("amx"); }

class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

  // `requantised`: of that form.
  ConvSpec spec(bool requantised) {
    ConvSpec s;
    s.in_planes = between(1, 40);
    s.in_plane_bytes = kPlaneBytes;
    for (int64_t t = between(1, 4); t > 0; --t) s.taps.push_back(4 * between(0, 40));
    s.rows = 4 * between(1, 45);
    fill(s, chance(0.5) ? 0.3 : 0);
    for (int64_t r = 0; r < s.rows; ++r) {
      s.multiplier.push_back(1e-5f * float(between(1, 9)));
      s.bias.push_back(0.25f * float(between(-9, 9)));
    }
    constexpr Activation kActivations[] = {Activation::none, Activation::silu, Activation::silu, Activation::sigmoid};
    s.activation = kActivations[between(0, 3)];
    s.residual = chance(0.3);
    s.residual_quant = {0.02f, 100};
    s.residual_plane_bytes = kPlaneBytes;
    s.outputs.resize(size_t(between(1, 2)));
    for (kernels::ConvOutput& o : s.outputs) {
      o.quant = {0.03f, 77};
      o.plane_bytes = kPlaneBytes;
      o.planes = s.rows / 4;
      o.keep_border = chance(0.3);
      o.border = 0x4d4d4d4du;
    }
    if (chance(0.3)) {
      s.outputs.back().f32 = true;
      s.outputs.back().planes = s.rows - between(0, 3);
    }
    if (requantised) {
      s.activation = Activation::none;
      s.residual = false;
      s.outputs = {s.outputs[0]};
      s.outputs[0].f32 = false;
      s.outputs[0].planes = s.rows / 4;
    }
    if (s.form() == EpilogueForm::requantise) {
      s.signed_levels = chance(0.5);
      for (int64_t r = 0; r < s.rows; ++r) {
        const bool additions = chance(0.2);  // four rows may all do without
        s.acc_bias.push_back(additions ? int32_t(between(-200000, 200000)) : 0);
        s.offset.push_back(additions ? int32_t(between(-100, 200)) : 0);
      }
      if (s.signed_levels && chance(0.5)) put_into_bits(s);
      if (chance(0.5)) {
        for (uint8_t& level : lookup_.table) level = uint8_t(random_());
        s.outputs[0].lookup = &lookup_;
      }
    }
    s.curve = s.form() == EpilogueForm::silu_steps
                  ? numerics::silu_in_steps(s.outputs[0].quant, s.residual ? &s.residual_quant : nullptr)
              : s.activation == Activation::sigmoid ? numerics::sigmoid()
                                                    : numerics::silu();
    return s;
  }

  std::vector<uint8_t> bytes(size_t n) {
    std::vector<uint8_t> out(n);
    for (uint8_t& b : out) b = uint8_t(random_());
    return out;
  }

 private:
  // Most rows' levels into the low halves of floats.
  void put_into_bits(ConvSpec& s) {
    for (size_t r = 0; r < size_t(s.rows); ++r) {
      s.by_bits.push_back(chance(0.9));
      if (!s.by_bits[r]) continue;
      s.acc_bias[r] = std::bit_cast<int32_t>(numerics::kRoundBits) + int32_t(between(-9000, 9000));
      s.bias[r] = numerics::kRoundBits * (1 - s.multiplier[r]) + float(between(-200, 200));
      s.offset[r] = 0;
    }
  }

  // Weights of every value, in sixteen rows by sixteen planes that are all zero with probability `zero`.
  void fill(ConvSpec& s, double zero) {
    s.words.assign(size_t(s.rows * s.in_planes) * s.taps.size(), 0);
    for (int64_t row = 0; row < s.rows; row += 16)
      for (int64_t plane = 0; plane < s.in_planes; plane += 16)
        for (size_t t = 0; t < s.taps.size(); ++t) {
          if (chance(zero)) continue;
          for (int64_t r = row; r < std::min(s.rows, row + 16); ++r)
            for (int64_t p = plane; p < std::min(s.in_planes, plane + 16); ++p)
              s.words[size_t(r * s.in_planes + p) * s.taps.size() + t] = uint32_t(random_());
        }
  }

  std::mt19937 random_;
  Lookup256 lookup_{{0.05f, 90}, {}};
};

using Outputs = std::vector<std::vector<uint8_t>>;

// Runs a kernel for rows [first, ...) on the whole tensors.
void run(const kernels::ConvKernel& k, const kernels::WordPool& pool, int64_t first, const std::vector<uint8_t>& input,
         const std::vector<uint8_t>& residual, const std::vector<uint8_t>& mask, const ConvSpec& s, int64_t tiles,
         Outputs& outputs, std::vector<uint8_t>* partial = nullptr) {
  std::array<const void*, kir::kMaxPointers> pointers{};
  size_t output = 0;
  for (size_t i = 0; i < k.pointers.size(); ++i) switch (k.pointers[i]) {
      case ConvPointer::input:
        pointers[i] = input.data();
        break;
      case ConvPointer::stream:
        pointers[i] = k.stream.data();
        break;
      case ConvPointer::pool:
        pointers[i] = pool.words().data();
        break;
      case ConvPointer::mask:
        pointers[i] = mask.data();
        break;
      case ConvPointer::residual:
        pointers[i] = residual.data() + first / 4 * kPlaneBytes;
        break;
      case ConvPointer::output:
        pointers[i] = outputs[output].data() + first / (s.outputs[output].f32 ? 1 : 4) * kPlaneBytes;
        ++output;
        break;
      case ConvPointer::partial:
        ASSERT_NE(partial, nullptr) << "a whole kernel has no partial sums";
        pointers[i] = partial->data();
        break;
      case ConvPointer::ahead:
      case ConvPointer::code_ahead:
        break;  // nobody reads there
    }
  kir::interpret(amx_isa(), k.function, pointers.data(), tiles);
}

TEST(ConvAmx, EqualsTheVectorKernels) {
  for (uint32_t seed = 0; seed < 90; ++seed) {
    Maker make(seed);
    ConvSpec s = make.spec(seed >= 60);
    const int64_t tiles = make.between(1, kMaxTiles);
    if (seed % 3 == 0) s.tiles = tiles;
    const std::vector<uint8_t> input = make.bytes(size_t(s.in_planes * kPlaneBytes)),
                               residual = make.bytes(size_t(s.rows / 4 * kPlaneBytes)),
                               mask = make.bytes(size_t(kMaxTiles * amx_isa().mask_bytes()));
    Outputs blank;
    for (size_t k = 0; k < s.outputs.size(); ++k) blank.push_back(make.bytes(size_t(s.rows * kPlaneBytes)));
    Outputs by_vectors = blank, by_tiles = blank;

    kernels::WordPool vector_pool(kernels::kPoolPointer), tile_pool(kernels::kPoolPointer);
    const std::vector<int64_t> vector_groups = kernels::row_groups(amx_isa(), s, kernels::ConvFamily::unrolled);
    for (size_t g = 0; g + 1 < vector_groups.size(); ++g)
      run(kernels::lower_conv(amx_isa(), s, kernels::ConvFamily::unrolled, vector_groups[g], vector_groups[g + 1], 1,
                              vector_pool, "v", "")
              .front(),
          vector_pool, vector_groups[g], input, residual, mask, s, tiles, by_vectors);
    int64_t products = 0, loads = 0;
    const std::vector<int64_t> tile_groups = kernels::amx_row_groups(s);
    ASSERT_EQ(tile_groups.front(), 0);
    ASSERT_EQ(tile_groups.back(), s.rows);
    for (size_t g = 0; g + 1 < tile_groups.size(); ++g) {
      std::vector<uint8_t> partial(size_t(kMaxTiles * kernels::partial_bytes(amx_isa(), kernels::ConvFamily::amx, 32)),
                                   0x55);
      for (const kernels::ConvKernel& k : kernels::lower_conv(amx_isa(), s, kernels::ConvFamily::amx, tile_groups[g],
                                                              tile_groups[g + 1], 1 + seed % 4, tile_pool, "t", "")) {
        run(k, tile_pool, tile_groups[g], input, residual, mask, s, tiles, by_tiles, &partial);
        products += k.products;
        loads += k.loads;
      }
    }
    EXPECT_NE(by_tiles, blank);
    EXPECT_EQ(by_tiles, by_vectors) << "seed " << seed << ": " << s.rows << " rows of " << s.in_planes << " planes at "
                                    << s.taps.size() << " taps";
    // the cost model counts what the kernels do
    const kernels::AmxCounts counts = kernels::count_amx(s);
    EXPECT_EQ(counts.products, products);
    EXPECT_EQ(counts.input_loads, loads);
  }
}

// 48 output channels of 128 at one tap are three tiles by two blocks, in two passes, each of which loads its input.
TEST(ConvAmx, LeavesOutZeroTiles) {
  ConvSpec s;
  s.in_planes = 32;
  s.in_plane_bytes = kPlaneBytes;
  s.taps = {0};
  s.rows = 48;
  s.words.assign(48 * 32, 1);
  EXPECT_EQ(kernels::count_amx(s).products, 6);
  EXPECT_EQ(kernels::count_amx(s).input_loads, 4);
  for (int64_t r = 16; r < 32; ++r)
    for (int64_t p = 0; p < 16; ++p) s.words[size_t(r * 32 + p)] = 0;
  EXPECT_EQ(kernels::count_amx(s).products, 5);
  for (int64_t r = 0; r < 48; ++r)
    for (int64_t p = 16; p < 32; ++p) s.words[size_t(r * 32 + p)] = 0;
  EXPECT_EQ(kernels::count_amx(s).products, 2);
  EXPECT_EQ(kernels::count_amx(s).input_loads, 2);
}

TEST(ConvAmx, AGroupIsTwoTilesOfRows) {
  ConvSpec s;
  s.in_planes = 128;
  s.taps = std::vector<int64_t>(9, 0);
  s.rows = 516;
  s.words.assign(size_t(s.rows * s.in_planes) * 9, 1);
  const std::vector<int64_t> borders = kernels::amx_row_groups(s);
  ASSERT_EQ(borders.size(), 18u);
  EXPECT_EQ(borders.back(), 516);
  for (size_t g = 0; g + 1 < borders.size(); ++g) EXPECT_EQ(borders[g], int64_t(g) * 32);
}

}  // namespace
}  // namespace sparsec
