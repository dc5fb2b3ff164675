// Dense kernels: a loop for each run of planes that meet the same taps, and the bits of the unrolled kernel.
#include "codegen/kernels/dense_runs.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <tuple>

#include "tests/support/conv_kernels.h"

namespace sparsec::kernels {
namespace {

using testing::kConvPlanes;

// Words that are zero but where `meets` says so.
template <typename F>
ConvSpec spec_where(int64_t planes, size_t taps, int64_t rows, F meets) {
  ConvSpec s;
  s.in_planes = planes;
  s.taps.resize(taps);
  s.rows = rows;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t plane = 0; plane < planes; ++plane)
      for (size_t tap = 0; tap < taps; ++tap) s.words.push_back(meets(row, plane, tap) ? 1 : 0);
  return s;
}

// Each product once, and none beside them but words of a run that are zero in some of its planes.
void expect_covered(const ConvSpec& s, int64_t first, int64_t last, const std::vector<PlaneRun>& runs) {
  std::set<std::tuple<int64_t, int64_t, size_t>> covered;
  for (const PlaneRun& run : runs)
    for (const PlaneRun::Product& p : run.products)
      for (int64_t plane = run.first; plane < run.first + run.count; ++plane)
        EXPECT_TRUE(covered.emplace(first + p.row, plane, p.tap).second);
  for (int64_t row = first; row < last; ++row)
    for (int64_t plane = 0; plane < s.in_planes; ++plane)
      for (size_t tap = 0; tap < s.taps.size(); ++tap)
        EXPECT_TRUE(s.word(row, plane, tap) == 0 || covered.contains({row, plane, tap}));
}

TEST(DenseRuns, OneWhereEveryPlaneMeetsTheSameTaps) {
  const ConvSpec s = spec_where(16, 9, 8, [](int64_t row, int64_t plane, size_t) { return (row + plane) % 3 != 0; });
  const auto runs = dense_runs(s, 0, 8);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].count, 16);
  EXPECT_EQ(runs[0].taps, 9u);
  EXPECT_EQ(runs[0].products.size(), 72u);  // zero words of some planes and all
}

// 3x3 of stride 2 over four phases of 5 planes: 1, 2, 2 and 4 of the 2x2 taps.
TEST(DenseRuns, OneForEachPhase) {
  constexpr std::array<std::array<bool, 4>, 4> kMeets{
      {{false, false, false, true}, {false, false, true, true}, {false, true, false, true}, {true, true, true, true}}};
  const ConvSpec s =
      spec_where(20, 4, 12, [&](int64_t, int64_t plane, size_t tap) { return kMeets[size_t(plane / 5)][tap]; });
  const auto runs = dense_runs(s, 4, 12);
  ASSERT_EQ(runs.size(), 4u);
  size_t products = 0, taps = 0;
  for (const PlaneRun& run : runs) {
    EXPECT_EQ(run.count, 5);
    products += run.products.size();
    taps += run.taps;
  }
  EXPECT_EQ(taps, 9u);
  EXPECT_EQ(products, 9u * 8);
  expect_covered(s, 4, 12, runs);
}

// Rows of a group that belong to different phases of the output.
TEST(DenseRuns, RowsThatMeetOtherTapsHaveOnlyTheirs) {
  const ConvSpec s = spec_where(6, 4, 8, [](int64_t row, int64_t, size_t tap) { return row < 4 ? tap < 2 : tap >= 2; });
  const auto runs = dense_runs(s, 0, 8);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].products.size(), 16u);
  EXPECT_EQ(runs[0].taps, 4u);
  expect_covered(s, 0, 8, runs);
}

TEST(DenseRuns, PlanesThatNobodyReadsAreLeftOut) {
  const ConvSpec s = spec_where(9, 2, 4, [](int64_t, int64_t plane, size_t) { return plane / 3 == 1; });
  const auto runs = dense_runs(s, 0, 4);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].first, 3);
  EXPECT_EQ(runs[0].count, 3);
  EXPECT_TRUE(dense_runs(spec_where(3, 1, 4, [](int64_t, int64_t, size_t) { return false; }), 0, 4).empty());
}

TEST(DenseRuns, TapsThatChangeWithEveryPlaneAreOneRun) {
  const ConvSpec s = spec_where(200, 3, 4, [](int64_t, int64_t plane, size_t tap) { return size_t(plane % 3) == tap; });
  const auto runs = dense_runs(s, 0, 4);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].count, 200);
  expect_covered(s, 0, 4, runs);
}

// Words with holes of every kind: in planes, taps and rows, alone and in runs.
TEST(DenseRuns, GiveTheBitsOfUnrolledKernels) {
  std::mt19937 random(11);
  for (const Isa* isa : all_isas())
    for (bool integer : {true, false})
      for (int i = 0; i < 6; ++i) {
        ConvSpec spec = testing::conv_spec(integer, random);
        for (int64_t row = 0; row < spec.rows; ++row)
          for (int64_t plane = 0; plane < kConvPlanes; ++plane)
            for (size_t tap = 0; tap < spec.taps.size(); ++tap)
              if ((plane / 2 + int64_t(tap)) % 3 == i % 3 || (i > 2 && (row / 4 + int64_t(tap)) % 2 == 0) ||
                  (i == 5 && plane == 0))
                spec.words[size_t(row * kConvPlanes + plane) * spec.taps.size() + tap] = 0;
        const auto input = testing::conv_input(integer, random);
        const auto wanted = testing::run_conv(*isa, spec, ConvFamily::unrolled, 1, input);
        EXPECT_EQ(testing::run_conv(*isa, spec, ConvFamily::dense, 1, input), wanted) << isa->name << ' ' << i;
        EXPECT_NE(wanted, std::vector<uint8_t>(wanted.size(), 0));
      }
}

}  // namespace
}  // namespace sparsec::kernels
