// Which kernels ask for memory ahead, and for what.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "codegen/isa/isas.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/conv_amx.h"
#include "codegen/kernels/rows.h"

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
  }
}

// The next two vectors of each plane, and where one vector is left, the next: of planes 0, 1 to 2 and 4 to 19, which
// each have a loop of their own and their offsets from the plane.
TEST(Prefetch, DenseKernelsAskForEachPlane) {
  for (const Isa* isa : all_isas()) {
    std::vector<int64_t> expected;
    if (has_text(*isa, Opcode::prefetch))
      for (const int64_t farthest : {int64_t{8}, kFarthest, kFarthest})
        for (const int64_t vectors : {1, 2, 3}) expected.push_back(farthest + (vectors + 1) * isa->vector_bytes() - 1);
    std::ranges::sort(expected);
    EXPECT_EQ(asked(*isa, spec_of(1), ConvFamily::dense, 0, 8), expected) << isa->name;
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

// Two pages ahead in each channel, a vector at a time.
TEST(Prefetch, QuantisersAskForThePicture) {
  for (const Isa* isa : all_isas()) {
    kernels::WordPool pool(kernels::kPoolPointer);
    std::vector<int64_t> offsets, expected;
    for (const kir::Insn& insn :
         kernels::lower_quantise_rows(*isa, {0.1f, 3}, std::nullopt, 3, 64, kPlaneBytes, 256, pool, "k", "").code)
      if (insn.op == Opcode::prefetch) {
        EXPECT_EQ(insn.p, 0);
        offsets.push_back(insn.offset);
      }
    if (has_text(*isa, Opcode::prefetch))
      for (int64_t channel = 0; channel < 3; ++channel)
        expected.push_back(channel * kPlaneBytes + 2 * 4096 + isa->vector_bytes() - 1);
    EXPECT_EQ(offsets, expected) << isa->name;
  }
}

// Of the row below, each vector that is read.
TEST(Prefetch, RowsThatAreTakenApartAskForTheNext) {
  for (const Isa* isa : all_isas()) {
    constexpr int64_t kPitch = 1000;
    kernels::WordPool pool(kernels::kPoolPointer);
    const kernels::PhaseRows rows{
        .rows = 1, .step = 2, .cols = isa->lanes, .filled = isa->lanes, .in_pitch_bytes = kPitch};
    std::vector<int64_t> offsets, expected;
    for (const kir::Insn& insn : kernels::lower_split_rows(*isa, rows, pool, "k", "").code)
      if (insn.op == Opcode::prefetch) offsets.push_back(insn.offset);
    if (has_text(*isa, Opcode::prefetch))
      expected = {kPitch + isa->vector_bytes() - 1, kPitch + 2 * isa->vector_bytes() - 1};
    EXPECT_EQ(offsets, expected) << isa->name;
  }
}

// A kernel's constants, and its code, as many bytes as its own have, spread over the tiles.
TEST(Prefetch, TheNextKernelIsAskedForAmongTheProducts) {
  for (const Isa* isa : all_isas())
    for (const ConvFamily family : kernels::families_of(*isa, spec_of(1)))
      for (const int64_t tiles : {0, 24}) {
        ConvSpec spec = spec_of(1);
        spec.tiles = tiles;
        kernels::WordPool pool(kernels::kPoolPointer);
        const int64_t last = family == ConvFamily::amx ? 32 : 8;
        const kernels::ConvKernel k = kernels::lower_conv(*isa, spec, family, 0, last, 1, pool, "k", "").front();
        const bool asks = tiles > 0 && has_text(*isa, Opcode::prefetch) && family != ConvFamily::dense;
        const auto place = std::ranges::find(k.pointers, kernels::ConvPointer::ahead) - k.pointers.begin();
        ASSERT_EQ(asks, place < std::ssize(k.pointers)) << isa->name << ' ' << name_of(family);
        if (!asks) continue;
        const int64_t vectors = family == ConvFamily::amx ? 2 : 1, stream = int64_t(k.stream.size()) * 4;
        EXPECT_NEAR(double(k.ahead * tiles), double(stream), 0.3 * double(stream));
        int64_t lines = 0, code_lines = 0, moved = 0, code_moved = 0;
        for (const kir::Insn& insn : k.function.code) {
          if (insn.op == Opcode::add_pointer && insn.p == place) moved += insn.offset;
          if (insn.op == Opcode::add_pointer && insn.p == place + 1) code_moved += insn.offset;
          if (insn.op != Opcode::prefetch) continue;
          if (insn.p == place) {
            EXPECT_EQ(insn.offset, 64 * (lines++ % (k.ahead * vectors / 64)) + 63);
          } else if (insn.p == place + 1) {
            EXPECT_EQ(insn.offset, 64 * code_lines++ + 63);
          }
        }
        const int64_t times = family == ConvFamily::amx ? 2 : 1;  // the first pair stands before the loop
        EXPECT_EQ(k.ahead * vectors * times, 64 * lines);
        EXPECT_EQ(k.code_ahead, 64 * code_lines);
        if (family == ConvFamily::unrolled) {
          EXPECT_EQ(moved, k.ahead);
          EXPECT_EQ(code_moved, k.code_ahead);
        } else {  // the first pair, the pairs, and a vector that is left
          EXPECT_EQ(moved, 5 * k.ahead);
        }
      }
}

}  // namespace
}  // namespace sparsec
