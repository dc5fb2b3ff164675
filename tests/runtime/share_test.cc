// How threads share an entry of a schedule: between them every tile of every call and strip once, and no call that
// reads a neighbour where there is none.
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "runtime/core/run.h"

namespace {

using namespace sparsec::rt;

struct Step {
  int64_t tiles;
  uint32_t calls, split;
};

// How often each call ran each tile of each strip, and by which thread last.
struct Visits {
  std::map<std::tuple<int, uint32_t, int64_t>, std::pair<int, int>> tiles;  // strip, call, tile: times, thread

  void add(const sparsec_work& work, const Step& step, const sparsec_call* calls, const Team& team, int64_t caches) {
    for (int thread = 0; thread < team.threads; ++thread)
      share_entry(work, step, calls, team, thread, caches, [&](int strip, uint32_t c, int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        for (int64_t t = begin; t < end; ++t) {
          auto& [times, by] = tiles[{strip, c, t}];
          ++times;
          by = thread;
        }
      });
  }
};

bool has_neighbour(const sparsec_call& call, int strip, int strips) {
  return strip + call.neighbour >= 0 && strip + call.neighbour < strips;
}

TEST(ShareEntry, EveryTileOnce) {
  const sparsec_call calls[] = {{nullptr, 0, 0, 0}, {nullptr, 0, 0, -1}, {nullptr, 0, 0, 1}, {nullptr, 0, 0, 0}};
  constexpr int64_t kHanded = 1000;
  for (const int threads : {1, 2, 3, 4, 5, 8})
    for (const int strips : {1, 2, 3, 4, 5, 8})
      for (const int64_t tiles : {1, 2, 7, 40})
        for (const uint32_t split : {0, 1, 2, 3})
          for (const int64_t caches : {kNoCache, kHanded - 1, kHanded}) {
            SCOPED_TRACE(::testing::Message() << threads << " threads, " << strips << " strips, " << tiles
                                              << " tiles, split " << split << ", caches " << caches);
            const Team team{threads, strips};
            const Step step{tiles, 4, split};
            Visits visits;
            const int64_t middle = (tiles + 1) / 2;  // two bands where there are two tiles
            visits.add({0, 1, 0, middle, kHanded, 0}, step, calls, team, caches);
            if (middle < tiles) visits.add({0, 1, middle, tiles, kHanded, 0}, step, calls, team, caches);
            size_t expected = 0;
            for (int strip = 0; strip < strips; ++strip)
              for (uint32_t c = 0; c < 4; ++c) {
                if (!has_neighbour(calls[c], strip, strips)) continue;
                expected += size_t(tiles);
                for (int64_t t = 0; t < tiles; ++t) {
                  const auto [times, by] = visits.tiles[{strip, c, t}];
                  ASSERT_EQ(times, 1) << "strip " << strip << ", call " << c << ", tile " << t;
                  if (strips % threads == 0) {
                    ASSERT_EQ(by, strip / (strips / threads));
                  }
                }
              }
            ASSERT_EQ(visits.tiles.size(), expected);
          }
}

// Threads that strips cannot be dealt out to have even shares of all tiles, those of any strip.
TEST(ShareEntry, EvenlyWithoutAStripEach) {
  const sparsec_call call{nullptr, 0, 0, 0};
  for (const auto& [threads, strips] : {std::pair{2, 1}, {2, 3}, {3, 2}, {3, 4}, {5, 2}}) {
    Visits visits;
    visits.add({0, 1, 0, 30, 0, 0}, Step{30, 1, 0}, &call, {threads, strips}, kNoCache);
    std::map<int, int> tiles;
    for (const auto& [where, visit] : visits.tiles) ++tiles[visit.second];
    for (int thread = 0; thread < threads; ++thread) EXPECT_EQ(tiles[thread], 30 * strips / threads);
  }
}

TEST(ShareEntry, ThreadsMeetWhereTheyMust) {
  const sparsec_work edges{0, 1, 0, 4, 0, 1}, barrier{0, 1, 0, 4, 0, 0}, none{0, 0, 0, 4, 0, 0};
  const Team each{3, 3}, dealt{2, 4}, shared{2, 3}, uncut{3, 1}, one{1, 1}, one_of_all{1, 3};
  for (const Team& team : {shared, uncut, one, one_of_all}) {
    EXPECT_FALSE(meets_before(edges, team));
    for (const sparsec_work* work : {&edges, &barrier}) EXPECT_TRUE(meets_after(*work, 4, team, kNoCache));
    EXPECT_FALSE(meets_after(none, 4, team, kNoCache));
  }
  for (const Team& team : {each, dealt}) {
    EXPECT_TRUE(meets_before(edges, team));
    EXPECT_FALSE(meets_before(barrier, team));
    for (const sparsec_work* work : {&edges, &barrier, &none}) EXPECT_FALSE(meets_after(*work, 4, team, kNoCache));
  }
  // Layer by layer there is nothing to meet for behind a band that the first stands for.
  EXPECT_FALSE(meets_after({0, 1, 2, 4, 10, 0}, 4, shared, 10));
  EXPECT_TRUE(meets_after({0, 1, 0, 2, 10, 0}, 4, shared, 10));
  EXPECT_FALSE(one.whole_strips());
}

}  // namespace
