// Small convolutions lowered to kernels and interpreted, without a graph or a plan around them.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "codegen/interpret.h"
#include "codegen/kernels/conv.h"

namespace sparsec::testing {

inline constexpr int64_t kConvTiles = 5, kConvPlane = 2048, kConvPlanes = 6;  // vectors, bytes of a plane, planes

// Eight rows of three taps, a third of the words zero; SiLU, float output.
inline kernels::ConvSpec conv_spec(bool integer, std::mt19937& random) {
  kernels::ConvSpec s;
  s.integer = integer;
  s.in_planes = kConvPlanes;
  s.in_plane_bytes = kConvPlane;
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
  s.outputs[0].plane_bytes = kConvPlane;
  s.outputs[0].planes = s.rows;
  return s;
}

// Bytes, or floats from -10 to 10.
inline std::vector<uint8_t> conv_input(bool integer, std::mt19937& random) {
  std::vector<uint8_t> input(size_t(kConvPlanes * kConvPlane + 4096));
  if (integer) {
    for (uint8_t& b : input) b = uint8_t(random());
    return input;
  }
  for (size_t i = 0; i + 4 <= input.size(); i += 4) {
    const float f = float(random() % 2000) / 100 - 10;
    std::memcpy(&input[i], &f, 4);
  }
  return input;
}

// The output's planes.
inline std::vector<uint8_t> run_conv(const Isa& isa, const kernels::ConvSpec& spec, kernels::ConvFamily family,
                                     size_t pieces, const std::vector<uint8_t>& input) {
  using kernels::ConvPointer;
  kernels::WordPool pool(kernels::kPoolPointer);
  const std::vector<kernels::ConvKernel> kernels =
      kernels::lower_conv(isa, spec, family, 0, spec.rows, pieces, pool, "conv", "");
  EXPECT_EQ(kernels.size(), pieces);
  std::vector<uint8_t> output(size_t(spec.rows * kConvPlane), 0),
      partial(size_t(kConvTiles * kernels::partial_bytes(isa, family, spec.rows)), 0x55);
  for (const kernels::ConvKernel& k : kernels) {
    std::vector<const void*> pointers;
    for (ConvPointer p : k.pointers)
      pointers.push_back(p == ConvPointer::input     ? static_cast<const void*>(input.data())
                         : p == ConvPointer::stream  ? k.stream.data()
                         : p == ConvPointer::pool    ? static_cast<const void*>(pool.words().data())
                         : p == ConvPointer::partial ? static_cast<const void*>(partial.data())
                                                     : output.data());
    kir::interpret(isa, k.function, pointers.data(), kConvTiles);
  }
  return output;
}

}  // namespace sparsec::testing
