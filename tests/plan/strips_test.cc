// Pictures in strips: the oracle's bits, whatever the strips, the instruction set and the threads. The simulator runs
// the threads between two meetings one after the other, the last one first: a meeting too few shows, and so does a
// buffer that is used anew while a neighbour still reads it.
#include <gtest/gtest.h>

#include <set>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"
#include "tests/plan/edges.h"
#include "tests/plan/machine_code.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {

constexpr uint32_t kGraphs = 120, kBatch = 10;

Graph graph_of(uint32_t seed) { return align_slots(passes::lower_strides(testing::random_graph_of_strips(seed))); }

PlanOptions in_strips(int32_t strips, bool columns) {
  PlanOptions options;
  options.strips = strips;
  options.columns = columns;
  options.l2_bytes = 8 << 10;
  options.band_tiles = 1;
  return options;
}

void expect_right(const Graph& graph, const Plan& plan, const std::vector<TensorPtr>& inputs,
                  const std::map<ValueId, TensorPtr>& want, int threads, int64_t caches) {
  std::vector<Tensor> got;
  for (const ValueId v : graph.outputs) got.emplace_back(graph.value(v).type, graph.value(v).shape);
  Simulator(plan).run(inputs, got, threads, caches);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].bytes, want.at(graph.outputs[i])->bytes)
        << graph.value(graph.outputs[i]).name << ", " << plan.program.strips << " strips, " << threads << " threads on "
        << plan.isa->name;
}

class Strips : public ::testing::TestWithParam<uint32_t> {
 protected:
  uint32_t first() const { return GetParam() * kBatch; }
};

TEST_P(Strips, EqualTheOracle) {
  int cut = 0, banded = 0;
  for (uint32_t seed = first(); seed < first() + kBatch; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = graph_of(seed);
    const std::vector<TensorPtr> inputs = testing::random_inputs(graph, seed);
    const std::map<ValueId, TensorPtr> want = oracle::run(graph, inputs);
    for (const char* isa : {"scalar", "avx512_vnni", "amx", "neon_dotprod"})
      for (const int32_t strips : {2, 3, 4}) {
        const bool columns = (seed + uint32_t(strips)) % 3 != 0;
        const Plan plan = make_plan(graph, *find_isa(isa), in_strips(strips, columns));
        if (plan.program.strips == 1) continue;
        ++cut;
        for (const ColumnGroup& g : plan.groups) banded += g.bands > 1;
        for (const int threads : {1, 2, 3, 4, 5}) expect_right(graph, plan, inputs, want, threads, rt::kNoCache);
        expect_right(graph, plan, inputs, want, plan.program.strips, int64_t{1} << 40);
        expect_right(graph, plan, inputs, want, plan.program.strips + 1, int64_t{1} << 40);
      }
    if (HasFailure()) return;
  }
  EXPECT_GT(cut, int(kBatch) * 4);  // of 12 a graph: else nothing was tested
  EXPECT_GT(banded, int(kBatch));
}

TEST_P(Strips, EdgesLiveUntilTheNextMeeting) {
  int meetings = 0;
  for (uint32_t seed = first(); seed < first() + kBatch; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    for (const bool columns : {false, true}) {
      const Plan plan = make_plan(graph_of(seed), *find_isa("avx2"), in_strips(2, columns));
      testing::expect_edges_live(plan, plan.program.schedule, &meetings);
      EXPECT_EQ(plan.program.arena_bytes % (plan.program.strips > 1 ? 4096 : 1), 0);  // no page belongs to two strips
    }
  }
  EXPECT_GT(meetings, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Strips, ::testing::Range(0u, kGraphs / kBatch));

// Any graph may be asked for in strips. Few of these can be cut.
TEST(Strips, OfAnyGraphEqualTheOracle) {
  int cut = 0;
  for (uint32_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    const std::vector<TensorPtr> inputs = testing::random_inputs(graph, seed);
    const Plan plan = make_plan(graph, *find_isa("avx2"), in_strips(2, true));
    cut += plan.program.strips > 1;
    expect_right(graph, plan, inputs, oracle::run(graph, inputs), plan.program.strips, rt::kNoCache);
  }
  EXPECT_GT(cut, 5);
}

// As machine code, with threads that do not wait for each other but where they must.
TEST(Strips, AsMachineCodeEqualTheOracle) {
  for (uint32_t seed = 7000; seed < 7008; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = graph_of(seed);
    const std::vector<TensorPtr> inputs = testing::random_inputs(graph, seed);
    const std::map<ValueId, TensorPtr> want = oracle::run(graph, inputs);
    for (const int threads : {2, 3})
      testing::expect_machine_code_gives(graph, inputs, want, {.strips = 2, .threads = threads});
  }
}

// Without the meetings a picture's neighbours would copy rows that are not there yet.
TEST(Strips, AMissingMeetingShows) {
  const Graph graph = align_slots(passes::lower_strides(testing::small_graph()));
  const std::vector<TensorPtr> inputs = testing::random_inputs(graph, 1);
  Plan plan = make_plan(graph, *find_isa("scalar"), in_strips(4, false));
  ASSERT_EQ(plan.program.strips, 4);
  const std::map<ValueId, TensorPtr> want = oracle::run(graph, inputs);
  expect_right(graph, plan, inputs, want, 4, rt::kNoCache);
  for (sparsec_work& work : plan.program.schedule) work.strips_meet = 0;
  std::vector<Tensor> got{Tensor(DType::f32, graph.value(graph.outputs[0]).shape)};
  Simulator(plan).run(inputs, got, 4);
  EXPECT_NE(got[0].bytes, want.at(graph.outputs[0])->bytes);
}

}  // namespace
}  // namespace sparsec
