// A convolution kernel cut into pieces gives what the whole one gives, bit for bit.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <random>

#include "codegen/interpret.h"
#include "codegen/kernels/conv.h"

namespace sparsec {
namespace {

using kernels::ConvPointer;
using kernels::ConvSpec;

constexpr int64_t kTiles = 5, kPlane = 2048, kPlanes = 6;

ConvSpec spec_of(bool integer, std::mt19937& random) {
  ConvSpec s;
  s.integer = integer;
  s.in_planes = kPlanes;
  s.in_plane_bytes = kPlane;
  s.taps = {0, 4, 64};
  s.rows = 8;
  for (int64_t i = 0; i < s.rows * s.in_planes * 3; ++i) {
    const uint32_t word = integer ? random() : std::bit_cast<uint32_t>(float(random() % 200) - 100);
    s.words.push_back(random() % 3 == 0 ? 0 : word);
  }
  for (int64_t r = 0; r < s.rows; ++r) {
    if (integer) s.multiplier.push_back(1e-4f);
    s.bias.push_back(0.25f * float(r));
  }
  s.activation = Activation::silu;
  s.curve = numerics::silu();
  s.outputs.resize(1);
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = kPlane;
  s.outputs[0].planes = s.rows;
  return s;
}

std::vector<uint8_t> run(const Isa& isa, const ConvSpec& spec, size_t pieces, const std::vector<uint8_t>& input) {
  kernels::WordPool pool(kernels::kPoolPointer);
  const std::vector<kernels::ConvKernel> kernels =
      kernels::lower_conv(isa, spec, kernels::ConvFamily::unrolled, 0, spec.rows, pieces, pool, "conv", "");
  EXPECT_EQ(kernels.size(), pieces);
  std::vector<uint8_t> output(size_t(spec.rows * kPlane), 0),
      partial(size_t(kTiles * kernels::partial_bytes(isa, spec.rows)), 0x55);
  for (const kernels::ConvKernel& k : kernels) {
    std::vector<const void*> pointers;
    for (ConvPointer p : k.pointers)
      pointers.push_back(p == ConvPointer::input     ? static_cast<const void*>(input.data())
                         : p == ConvPointer::stream  ? k.stream.data()
                         : p == ConvPointer::pool    ? static_cast<const void*>(pool.words().data())
                         : p == ConvPointer::partial ? static_cast<const void*>(partial.data())
                                                     : output.data());
    kir::interpret(isa, k.function, pointers.data(), kTiles);
  }
  return output;
}

TEST(ConvPieces, GiveTheSameBits) {
  std::mt19937 random(5);
  std::vector<uint8_t> bytes(size_t(kPlanes * kPlane + 4096)), floats(bytes.size());
  for (uint8_t& b : bytes) b = uint8_t(random());
  for (size_t i = 0; i + 4 <= floats.size(); i += 4) {
    const float f = float(random() % 2000) / 100 - 10;
    std::memcpy(&floats[i], &f, 4);
  }
  for (const Isa* isa : all_isas())
    for (bool integer : {true, false}) {
      const ConvSpec spec = spec_of(integer, random);
      const std::vector<uint8_t>& input = integer ? bytes : floats;
      const std::vector<uint8_t> whole = run(*isa, spec, 1, input);
      EXPECT_NE(whole, std::vector<uint8_t>(whole.size(), 0));
      for (size_t pieces : {2, 3, 7}) EXPECT_EQ(run(*isa, spec, pieces, input), whole) << isa->name << ' ' << pieces;
    }
}

// As many for each group, and no more than the products ask for.
TEST(ConvPieces, CountFollowsTheFullestGroup) {
  std::mt19937 random(7);
  ConvSpec spec = spec_of(true, random);
  for (const Isa* isa : all_isas()) {
    if (isa->piece_products == 0) {
      EXPECT_EQ(kernels::piece_count(*isa, spec, {0, 8}), 1u) << isa->name;
      continue;
    }
    const auto limit = size_t(isa->piece_products);
    spec.in_planes = int64_t(limit);
    spec.taps = {0};
    spec.words.assign(8 * limit, 1);
    EXPECT_EQ(kernels::piece_count(*isa, spec, {0, 8}), 8u);
    EXPECT_EQ(kernels::piece_count(*isa, spec, {0, 2, 8}), 6u);
    spec.words.assign(8 * limit, 0);
    EXPECT_EQ(kernels::piece_count(*isa, spec, {0, 8}), 1u);
  }
}

}  // namespace
}  // namespace sparsec
