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

constexpr int64_t kPlaneBytes = 4096, kPlanes = 20, kRows = 40, kEmptyPlane = 3, kFarthest = 16;
constexpr size_t kFarthestTap = 1, kLastTap = 2;

// Three taps, the farthest in the middle; a plane without weights, and one without weights at the farthest tap. Of the
// others every `each`th word is not zero.
ConvSpec spec_of(size_t each) {
  ConvSpec s;
  s.in_planes = kPlanes;
  s.in_plane_bytes = kPlaneBytes;
  s.taps = {0, kFarthest, 8};
  s.rows = kRows;
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t plane = 0; plane < kPlanes; ++plane)
      for (size_t tap = 0; tap < s.taps.size(); ++tap) {
        const bool zero = plane == kEmptyPlane || (plane == 0 && tap == kFarthestTap) || s.words.size() % each != 0;
        s.words.push_back(zero ? 0 : 0x01020304);
      }
  s.multiplier.assign(kRows, 0.01f);
  s.bias.assign(kRows, 0);
  s.outputs.resize(1);
  s.outputs[0].quant = {0.1f, 0};
  s.outputs[0].plane_bytes = kPlaneBytes;
  s.outputs[0].planes = kRows / 4;
  return s;
}

// The offsets from the input's pointer that a layer's rows ask for, in order.
std::vector<int64_t> asked(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last,
                           size_t pieces = 1) {
  kernels::WordPool pool(kernels::kPoolPointer);
  std::vector<int64_t> offsets;
  for (const kernels::ConvKernel& k : kernels::lower_conv(isa, spec, family, first, last, pieces, pool, "k", ""))
    for (const kir::Insn& insn : k.function.code)
      if (insn.op == Opcode::prefetch) {
        EXPECT_EQ(insn.p, 0);
        offsets.push_back(insn.offset);
      }
  std::ranges::sort(offsets);
  return offsets;
}

// The last byte of each plane's next vector at the farthest tap that is read.
TEST(Prefetch, UnrolledKernelsAskForEachPlaneOfManyProducts) {
  for (const Isa* isa : all_isas()) {
    if (!isa->unroll) continue;
    std::vector<int64_t> expected;
    if (has_text(*isa, Opcode::prefetch))
      for (int64_t plane = 0; plane < kPlanes; ++plane)
        if (plane != kEmptyPlane)
          expected.push_back(plane * kPlaneBytes + (plane == 0 ? 8 : kFarthest) + 2 * isa->vector_bytes() - 1);
    EXPECT_EQ(asked(*isa, spec_of(1), ConvFamily::unrolled, 0, 8), expected) << isa->name;
    EXPECT_EQ(asked(*isa, spec_of(1), ConvFamily::unrolled, 32, 40), expected) << isa->name;
    EXPECT_TRUE(asked(*isa, spec_of(7), ConvFamily::unrolled, 0, 8).empty()) << isa->name;
    EXPECT_TRUE(asked(*isa, spec_of(1), ConvFamily::dense, 0, 8).empty()) << isa->name;
  }
}

// A plane that two pieces share is asked for by both, for what each reads.
TEST(Prefetch, PiecesAskForWhatTheyRead) {
  const Isa& isa = *find_isa("avx512_vnni");
  const std::vector<int64_t> whole = asked(isa, spec_of(1), ConvFamily::unrolled, 0, 8),
                             cut = asked(isa, spec_of(1), ConvFamily::unrolled, 0, 8, 2);
  EXPECT_TRUE(std::ranges::includes(cut, whole));
  EXPECT_LE(cut.size(), whole.size() + 1);
}

// Pair by pair, the first pair in front of the loop: 128 bytes on, each plane once a vector; later groups find the
// activations in L2.
TEST(Prefetch, TheFirstGroupOfTilesAsks) {
  const Isa& amx = *find_isa("amx");
  ConvSpec spec = spec_of(1);
  const auto expected = [&](int64_t tap) {
    std::vector<int64_t> lines;
    for (int64_t plane = 0; plane < kPlanes; ++plane)
      for (int64_t vector = 0; vector < 2; ++vector)
        lines.insert(lines.end(), 2, plane * kPlaneBytes + tap + 64 * vector + 128 + 63);
    return lines;
  };
  EXPECT_EQ(asked(amx, spec, ConvFamily::amx, 0, 32), expected(spec.taps[kLastTap]));
  EXPECT_TRUE(asked(amx, spec, ConvFamily::amx, 32, 40).empty());
  for (size_t i = kLastTap; i < spec.words.size(); i += spec.taps.size()) spec.words[i] = 0;  // then the tap before
  EXPECT_EQ(asked(amx, spec, ConvFamily::amx, 0, 32), expected(spec.taps[kFarthestTap]));
}

}  // namespace
}  // namespace sparsec
