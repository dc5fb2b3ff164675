// Which kernels ask for activations ahead, and for what.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "codegen/isa/isas.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/conv_amx.h"

namespace sparsec {
namespace {

using kernels::ConvFamily;
using kernels::ConvSpec;
using kir::Opcode;

constexpr int64_t kPlaneBytes = 4096, kPlanes = 20, kRows = 40;

// A row of three taps; every `each`th word is not zero.
ConvSpec spec_of(size_t each) {
  ConvSpec s;
  s.in_planes = kPlanes;
  s.in_plane_bytes = kPlaneBytes;
  s.taps = {0, 4, 8};
  s.rows = kRows;
  for (size_t i = 0; i < size_t(kRows * kPlanes) * s.taps.size(); ++i)
    s.words.push_back(i % each == 0 ? 0x01020304 : 0);
  s.multiplier.assign(kRows, 0.01f);
  s.bias.assign(kRows, 0);
  s.outputs.resize(1);
  s.outputs[0].quant = {0.1f, 0};
  s.outputs[0].plane_bytes = kPlaneBytes;
  s.outputs[0].planes = kRows / 4;
  return s;
}

// The offsets from the input's pointer that a kernel asks for.
std::vector<int64_t> asked(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last) {
  kernels::WordPool pool(kernels::kPoolPointer);
  const kernels::ConvKernel k = kernels::lower_conv(isa, spec, family, first, last, 1, pool, "k", "").front();
  std::vector<int64_t> offsets;
  for (const kir::Insn& insn : k.function.code)
    if (insn.op == Opcode::prefetch) {
      EXPECT_EQ(insn.p, 0);
      offsets.push_back(insn.offset);
    }
  return offsets;
}

// The last byte of each plane's next vector at the last tap.
TEST(Prefetch, UnrolledKernelsAskForEachPlaneOfManyProducts) {
  for (const Isa* isa : all_isas()) {
    if (!isa->unroll) continue;
    std::vector<int64_t> expected;
    if (has_text(*isa, Opcode::prefetch))
      for (int64_t plane = 0; plane < kPlanes; ++plane)
        expected.push_back(plane * kPlaneBytes + 8 + 2 * isa->vector_bytes() - 1);
    EXPECT_EQ(asked(*isa, spec_of(1), ConvFamily::unrolled, 0, 8), expected) << isa->name;
    EXPECT_EQ(asked(*isa, spec_of(1), ConvFamily::unrolled, 32, 40), expected) << isa->name;
    EXPECT_TRUE(asked(*isa, spec_of(7), ConvFamily::unrolled, 0, 8).empty()) << isa->name;  // 24 words a plane
    EXPECT_TRUE(asked(*isa, spec_of(1), ConvFamily::dense, 0, 8).empty()) << isa->name;
  }
}

// Pair by pair: 128 bytes on; later groups find the activations in L2.
TEST(Prefetch, TheFirstGroupOfTilesAsks) {
  const Isa& amx = *find_isa("amx");
  std::vector<int64_t> got = asked(amx, spec_of(1), ConvFamily::amx, 0, 32);
  ASSERT_FALSE(got.empty());
  for (int64_t plane = 0; plane < kPlanes; ++plane)
    for (int64_t vector = 0; vector < 2; ++vector) {
      const int64_t line = plane * kPlaneBytes + 8 + 64 * vector + 128 + 63;
      EXPECT_NE(std::find(got.begin(), got.end(), line), got.end()) << plane;
    }
  EXPECT_TRUE(asked(amx, spec_of(1), ConvFamily::amx, 32, 40).empty());
}

}  // namespace
}  // namespace sparsec
