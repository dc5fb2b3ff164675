// The head of a picture in strips: the same tiles are made and the same candidates found, in the same order, as of a
// picture that is not cut.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "runtime/core/api.h"
#include "runtime/core/context.h"
#include "runtime/core/lazy_head.h"

namespace {

using namespace sparsec::rt;

constexpr int kRows = 12, kColumns = 5, kPitch = 7, kAnchors = 2, kClasses = 3, kChannels = 5 + kClasses;
constexpr int kCellsPerTile = 4, kPlanes = kAnchors * kChannels;
constexpr float kPoison = -7;

// What the planes hold when all is made.
float value(int plane, int row, int column) {
  return float((uint32_t(plane * 131 + row * 17 + column) * 2654435761u) >> 16 & 0xfff) / 4096;
}

// Cells of planes, one plane behind the other: p[0] where to, p[1] where from.
void make_cells(const void* const* p, int64_t tiles) {
  std::memcpy(const_cast<void*>(p[0]), p[1], size_t(tiles * kCellsPerTile) * 4);
}

// A level in so many strips. A strip's arena: the planes, where they are copied from, and the objectness.
class Level {
 public:
  Level(int strips, int threads, float confidence) : strips_(strips), rows_(kRows / strips), confidence_(confidence) {
    plane_ = 4 * kPitch * (rows_ + 1);
    source_ = kPlanes * plane_;
    objectness_ = 2 * source_;
    for (int p = 0; p < kPlanes; ++p) {
      for (const int64_t from : {int64_t{0}, source_})
        pointers_.push_back({SPARSEC_ARENA, 0, from + p * plane_, 4 * kCellsPerTile, 0});
      calls_.push_back({make_cells, uint32_t(2 * p), 2, 0});
    }
    const int64_t cells = kPitch * (rows_ - 1) + kColumns;
    step_ = {"level", 0, kPlanes, (cells + kCellsPerTile - 1) / kCellsPerTile, 0};
    program_.isa = "scalar";
    program_.strips = uint32_t(strips);
    program_.arena_bytes = uint64_t(objectness_ + kAnchors * plane_);
    program_.pointers = pointers_.data();
    program_.calls = calls_.data();
    program_.steps = &step_;
    program_.n_steps = 1;
    sparsec_head& head = program_.head;
    head.levels = 1;
    head.classes = kClasses;
    head.sigmoid_done = 1;
    head.level[0] = {{SPARSEC_ARENA, 0, 0, 0, 0},
                     plane_,
                     4 * kPitch,
                     4,
                     kRows,
                     kColumns,
                     kAnchors,
                     8,
                     {{10, 20}, {30, 15}},
                     {SPARSEC_ARENA, 0, objectness_, 0, 0},
                     plane_,
                     0,
                     kCellsPerTile,
                     0};
    sparsec_rt_options o{};
    o.struct_bytes = sizeof o;
    o.threads = threads;
    EXPECT_EQ(sparsec_rt_create(&model_, &o, &context_), SPARSEC_OK);
    fill();
  }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  ~Level() { sparsec_rt_destroy(context_); }

  void complete() {
    const Walk walk{context_, nullptr, nullptr, 0, 1, nullptr, nullptr};
    complete_level(walk, program_.head.level[0], planes(), least_objectness(program_.head, confidence_));
  }
  std::vector<Candidate> candidates(bool multi_label) const {
    std::vector<Candidate> all(size_t(kAnchors * kRows * kColumns * kClasses));
    Candidates found(all.data(), int32_t(all.size()));
    find_candidates(program_.head, 0, planes(), confidence_, multi_label, found);
    all.resize(size_t(found.size()));
    return all;
  }
  float cell(int plane, int row, int column) const { return *at(plane * plane_, row, column); }
  // Whether a cell's tile, of its strip, holds one with enough objectness.
  bool is_wanted(int row, int column) const {
    const int first = (row % rows_ * kPitch + column) / kCellsPerTile * kCellsPerTile;
    for (int cell = first; cell < first + kCellsPerTile; ++cell) {
      const int y = cell / kPitch, x = cell % kPitch;
      if (x >= kColumns || y >= rows_) continue;
      for (int a = 0; a < kAnchors; ++a)
        if (value(a * kChannels + 4, row / rows_ * rows_ + y, x) > confidence_) return true;
    }
    return false;
  }

 private:
  float* at(int64_t offset, int row, int column) const {
    char* arena = context_->arena + size_t(row / rows_) * program_.arena_bytes;
    return reinterpret_cast<float*>(arena + offset + 4 * (row % rows_ * kPitch + column));
  }
  LevelPlanes planes() const {
    return level_planes(program_.head, 0, context_->arena, context_->arena + objectness_,
                        {strips_, int64_t(program_.arena_bytes)});
  }
  void fill() {
    // Beyond the rows' ends lies what must not be taken for an objectness.
    for (size_t i = 0; i < size_t(strips_) * program_.arena_bytes / 4; ++i)
      reinterpret_cast<float*>(context_->arena)[i] = 1;
    for (int row = 0; row < kRows; ++row)
      for (int x = 0; x < kColumns; ++x) {
        for (int p = 0; p < kPlanes; ++p) {
          *at(p * plane_, row, x) = kPoison;
          *at(source_ + p * plane_, row, x) = value(p, row, x);
        }
        for (int a = 0; a < kAnchors; ++a) *at(objectness_ + a * plane_, row, x) = value(a * kChannels + 4, row, x);
      }
  }

  const int strips_, rows_;
  const float confidence_;
  int64_t plane_ = 0, source_ = 0, objectness_ = 0;
  std::vector<sparsec_pointer> pointers_;
  std::vector<sparsec_call> calls_;
  sparsec_step step_{};
  sparsec_program program_{};
  const sparsec_program* const programs_[1] = {&program_};
  const sparsec_tensor in_{"in", SPARSEC_F32, 1, {1}};
  const sparsec_model model_{SPARSEC_ABI_VERSION, 1, "head", "tests", "none", &in_, nullptr, 1, 0, programs_, 1};
  sparsec_rt_context* context_ = nullptr;
};

TEST(StripsHead, MakesTheTilesThatAreWanted) {
  for (const int strips : {1, 2, 3, 4, 6, 12})
    for (const int threads : {1, 2, 3, 4, 7}) {
      SCOPED_TRACE(::testing::Message() << strips << " strips, " << threads << " threads");
      Level level(strips, threads, 0.8f);
      level.complete();
      int made = 0, left = 0;
      for (int row = 0; row < kRows; ++row)
        for (int x = 0; x < kColumns; ++x) {
          const bool wanted = level.is_wanted(row, x);
          (wanted ? made : left) += 1;
          for (int p = 0; p < kPlanes; ++p)
            ASSERT_EQ(level.cell(p, row, x), wanted ? value(p, row, x) : kPoison) << p << ", " << row << ", " << x;
        }
      EXPECT_GT(made, 0);
      EXPECT_GT(left, 0);
    }
}

TEST(StripsHead, FindsTheSameCandidatesInTheSameOrder) {
  constexpr float kConfidence = 0.6f;
  Level uncut(1, 1, kConfidence);
  uncut.complete();
  for (const int strips : {2, 3, 4, 6, 12})
    for (const bool multi_label : {false, true}) {
      SCOPED_TRACE(::testing::Message() << strips << " strips" << (multi_label ? ", multi-label" : ""));
      Level level(strips, 2, kConfidence);
      level.complete();
      const std::vector<Candidate> got = level.candidates(multi_label), wanted = uncut.candidates(multi_label);
      ASSERT_GT(wanted.size(), 3U);
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].x1, wanted[i].x1) << i;
        EXPECT_EQ(got[i].y1, wanted[i].y1) << i;
        EXPECT_EQ(got[i].x2, wanted[i].x2) << i;
        EXPECT_EQ(got[i].y2, wanted[i].y2) << i;
        EXPECT_EQ(got[i].score, wanted[i].score) << i;
        EXPECT_EQ(got[i].label, wanted[i].label) << i;
      }
    }
}

}  // namespace
