// Unrolled kernels of sparse weights: vectors made of whole cache lines, and rows of so many products that they have
// two accumulators. Sums are compared with plain loops for rows of pixels of every length.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "codegen/interpret.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/input_lines.h"
#include "sparsec/abi.h"

namespace sparsec {
namespace {

using kernels::ConvFamily;
using kernels::ConvKernel;
using kernels::ConvSpec;
using kir::Opcode;

constexpr int64_t kPlanes = 5, kPlaneBytes = 2048, kRows = 8, kTiles = 2, kBefore = 256, kOutputBytes = 256;

// 3x3 taps over rows of pixels `pitch` bytes apart; the sums come out as floats. Row 5 has most of the products.
ConvSpec spec_of(int64_t pitch, std::mt19937& random) {
  ConvSpec s;
  s.in_planes = kPlanes;
  s.in_plane_bytes = kPlaneBytes;
  for (int64_t y = -1; y <= 1; ++y)
    for (int64_t x = -1; x <= 1; ++x) s.taps.push_back(y * pitch + x * 4);
  s.rows = kRows;
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t i = 0; i < kPlanes * 9; ++i)
      s.words.push_back(random() % 8 < (row == 5 ? 6 : 1) ? uint32_t(random()) & 0x3f3f3f3f : 0);
  s.multiplier.assign(kRows, 1);
  s.bias.assign(kRows, 0);
  s.outputs.resize(1);
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = kOutputBytes;
  s.outputs[0].planes = kRows;
  return s;
}

ConvKernel kernel_of(const Isa& isa, const ConvSpec& spec, kernels::WordPool& pool) {
  return kernels::lower_conv(isa, spec, ConvFamily::unrolled, 0, kRows, 1, pool, "k", "").front();
}

int count(const ConvKernel& k, Opcode op) { return int(std::ranges::count(k.function.code, op, &kir::Insn::op)); }

float plain(const ConvSpec& spec, const uint8_t* input, int64_t row, int64_t pixel) {
  int32_t sum = 0;
  for (int64_t plane = 0; plane < kPlanes; ++plane)
    for (size_t tap = 0; tap < spec.taps.size(); ++tap)
      for (int i = 0; i < 4; ++i)
        sum +=
            input[plane * kPlaneBytes + spec.taps[tap] + 4 * pixel + i] * int8_t(spec.word(row, plane, tap) >> (8 * i));
  return float(sum);
}

TEST(SparseConv, SumsAreThoseOfPlainLoops) {
  std::mt19937 random(3);
  std::vector<uint8_t> input(size_t(2 * kBefore + kPlanes * kPlaneBytes));
  for (uint8_t& b : input) b = uint8_t(random());
  for (const Isa* isa : all_isas()) {
    if (!isa->unroll) continue;
    int joined = 0, long_rows = 0;
    for (int64_t pitch = 20; pitch <= 220; pitch += 4) {
      const ConvSpec spec = spec_of(pitch, random);
      kernels::WordPool pool(kernels::kPoolPointer);
      const ConvKernel k = kernel_of(*isa, spec, pool);
      joined += count(k, Opcode::lanes_from);
      long_rows += count(k, Opcode::add_i32);
      std::vector<uint8_t> output(size_t(kRows * kOutputBytes));
      const void* pointers[2 * SPARSEC_MAX_POINTERS] = {};
      for (size_t p = 0; p < k.pointers.size(); ++p)
        pointers[p] = k.pointers[p] == kernels::ConvPointer::input    ? input.data() + kBefore
                      : k.pointers[p] == kernels::ConvPointer::stream ? (const void*)k.stream.data()
                      : k.pointers[p] == kernels::ConvPointer::pool   ? (const void*)pool.words().data()
                                                                      : output.data();
      kir::interpret(*isa, k.function, pointers, kTiles);
      for (int64_t row = 0; row < kRows; ++row)
        for (int64_t pixel = 0; pixel < kTiles * isa->lanes; ++pixel) {
          float sum;
          std::memcpy(&sum, &output[size_t(row * kOutputBytes + 4 * pixel)], 4);
          ASSERT_EQ(sum, plain(spec, input.data() + kBefore, row, pixel))
              << isa->name << ", pitch " << pitch << ", row " << row << ", pixel " << pixel;
        }
    }
    EXPECT_EQ(joined > 0, has_text(*isa, Opcode::lanes_from)) << isa->name;
    EXPECT_EQ(long_rows > 0, !isa->saturating_dot) << isa->name;
  }
}

// One row of 45 products: half of them each on an accumulator of its own.
TEST(SparseConv, ALongRowHasTwoAccumulators) {
  const Isa& isa = *find_isa("avx512_vnni");
  std::mt19937 random(4);
  ConvSpec spec = spec_of(64, random);
  for (size_t i = 0; i < spec.words.size(); ++i) spec.words[i] = i < kPlanes * 9 ? 0x01010101 : 0;
  kernels::WordPool pool(kernels::kPoolPointer);
  std::vector<int> products(32, 0);
  for (const kir::Insn& x : kernel_of(isa, spec, pool).function.code) products[x.d] += x.op == Opcode::dot4;
  std::ranges::sort(products, std::greater());
  EXPECT_EQ(products[0], 23);
  EXPECT_EQ(products[1], 22);
  EXPECT_EQ(products[2], 0);
}

// As many products as there are rows for each vector: products bound the kernel, not loads, and rows are alike.
TEST(SparseConv, FullKernelsHaveNeither) {
  std::mt19937 random(5);
  for (const Isa* isa : all_isas()) {
    if (!isa->unroll) continue;
    ConvSpec spec = spec_of(64, random);
    for (uint32_t& w : spec.words) w = 0x01010101;
    kernels::WordPool pool(kernels::kPoolPointer);
    const ConvKernel k = kernel_of(*isa, spec, pool);
    EXPECT_EQ(count(k, Opcode::lanes_from), 0) << isa->name;
    EXPECT_EQ(count(k, Opcode::add_i32), 0) << isa->name;
  }
}

// What is loaded for vectors at these offsets, and what is made of it.
std::vector<kir::Insn> loads_of(std::vector<int64_t> vectors) {
  kernels::Builder b("k", "", 1);
  kernels::InputLines lines(*find_isa("avx512_vnni"), b, 10);
  lines.expect(0, vectors);
  for (size_t i = 0; i < vectors.size(); ++i) lines.load_next();
  return b.finish().code;
}
std::vector<int32_t> offsets_of(const std::vector<kir::Insn>& code) {
  std::vector<int32_t> offsets;
  for (const kir::Insn& x : code)
    if (x.op == Opcode::load) offsets.push_back(x.offset);
  return offsets;
}

TEST(InputLines, VectorsOfARowShareLines) {
  EXPECT_EQ(offsets_of(loads_of({20, 24, 28})), (std::vector<int32_t>{0, 64}));
  EXPECT_EQ(offsets_of(loads_of({-4, 0, 4})), (std::vector<int32_t>{-64, 0, 64}));
  EXPECT_EQ(offsets_of(loads_of({-168, -164, 168, 172})), (std::vector<int32_t>{-192, -128, 128, 192}));
  EXPECT_EQ(loads_of({20, 24, 28}).size(), 5u);  // two loads, three joins
}

// As many loads as by lines, without the joins.
TEST(InputLines, VectorsAloneAreLoadedAsTheyAre) {
  EXPECT_EQ(offsets_of(loads_of({20})), std::vector<int32_t>{20});
  EXPECT_EQ(offsets_of(loads_of({-4, 4})), (std::vector<int32_t>{-4, 4}));  // three lines
  EXPECT_EQ(offsets_of(loads_of({20, 200})), (std::vector<int32_t>{20, 200}));
  EXPECT_EQ(offsets_of(loads_of({128})), std::vector<int32_t>{128});
  EXPECT_EQ(offsets_of(loads_of({84, 20})), (std::vector<int32_t>{84, 20}));  // lines are loaded in their order only
}

}  // namespace
}  // namespace sparsec
