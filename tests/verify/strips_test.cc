// Detectors in strips: the bits of the same plan uncut, of a run and of detection, whatever the threads; and each layer
// alone agrees with the oracle.
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/engine/engine.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/verify/layers.h"
#include "samples/demo_model/detector.h"
#include "tests/plan/edges.h"
#include "tests/verify/simulated.h"
#include "tests/verify/taller.h"
#include "tests/verify/tiny_models.h"

namespace sparsec {
namespace {

using testing::levels_of;
using testing::simulate;

constexpr int64_t kLarge = int64_t{1} << 40;  // caches that hold everything: threads go layer by layer
constexpr int64_t kTaller = 4;                // 256 x 96, down to 8 rows: up to 4 strips

Plan plan_of(const Graph& graph, const char* isa, int32_t strips, bool columns) {
  PlanOptions options;
  options.strips = strips;
  options.columns = columns;
  options.l2_bytes = 48 << 10;  // small enough that tiny layers run in bands
  options.band_tiles = 1;
  return make_plan(graph, *find_isa(isa), options);
}

// Not those whose head is an output as it is: reshapes work on plain arrays. Nor those whose pools reach over more rows
// than a strip has at the lowest level.
bool can_be_cut(const Graph& graph) {
  return std::ranges::none_of(graph.nodes, [](const Node& n) {
    const auto* pool = std::get_if<MaxPool>(&n.op);
    return std::holds_alternative<Reshape>(n.op) || (pool && pool->window.pads.top > 2);
  });
}

std::vector<Graph> tall_graphs() {
  std::vector<Graph> graphs;
  for (const std::string& model : testing::tiny_models()) {
    CompileOptions options;
    options.import.input_shape = {{64, 96}};
    options.targets = {find_isa("scalar")};
    Graph graph = compile(model, options).graph;
    if (can_be_cut(graph)) graphs.push_back(testing::taller(std::move(graph), kTaller));
  }
  EXPECT_GT(graphs.size(), 3U);
  return graphs;
}

// By teams of so many threads; 0: as many as there are strips.
void expect_the_same(const Graph& graph, const char* isa, const std::vector<int>& teams) {
  SCOPED_TRACE(graph.meta.path + " on " + isa);
  const std::vector<TensorPtr> inputs = testing::noise(graph);
  const Plan uncut = plan_of(graph, isa, 1, false);
  const std::vector<Tensor> expected = simulate(graph, uncut, inputs, 1);
  const auto levels = levels_of(uncut, 1);
  ASSERT_EQ(levels.size(), 6U);
  for (const int32_t strips : {2, 4}) {
    const bool columns = strips == 4;
    const Plan plan = plan_of(graph, isa, strips, columns);
    ASSERT_EQ(plan.program.strips, strips);
    EXPECT_EQ(columns, std::ranges::any_of(plan.groups, [](const ColumnGroup& g) { return g.bands > 1; }));
    const auto expect_same = [&](int threads, int64_t caches) {
      SCOPED_TRACE(::testing::Message() << strips << " strips, " << threads << " threads, caches of " << caches);
      const std::vector<Tensor> outputs = simulate(graph, plan, inputs, threads, caches);
      for (size_t k = 0; k < outputs.size(); ++k) EXPECT_EQ(outputs[k].bytes, expected[k].bytes) << "output " << k;
      EXPECT_TRUE(levels_of(plan, threads, caches) == levels) << "detection";
    };
    for (const int threads : teams) expect_same(threads ? threads : strips, rt::kNoCache);
    if (teams.size() > 1) {
      expect_same(strips, kLarge);
      expect_same(3, kLarge);
    }
    int meetings = 0;
    testing::expect_edges_live(plan, plan.program.schedule, &meetings);
    EXPECT_GT(meetings, 5);
    testing::expect_edges_live(plan, plan.program.detect_schedule, &meetings);
  }
}

TEST(Strips, GiveWhatAWholePictureGives) {
  const std::vector<Graph> graphs = tall_graphs();
  for (const Graph& graph : graphs) expect_the_same(graph, "scalar", {0});
  for (const char* isa : {"scalar", "avx512_vnni", "amx", "neon_dotprod"})
    expect_the_same(graphs[1], isa, {1, 2, 3, 4, 5});
}

// Then what a lazy level is made of has edges, and the level's own step is in no schedule of detection.
TEST(Strips, OfHeadsThatReadRowsAround) {
  const std::vector<Graph> graphs = tall_graphs();
  for (size_t i = 0; i < graphs.size(); i += 3) expect_the_same(testing::with_wide_heads(graphs[i]), "avx2", {0, 3});
}

// Detection leaves out steps at which the threads of a run meet: what neighbours read must live until it meets itself.
TEST(Strips, OfModelsThatDoMoreThanDetect) {
  int integers = 0;
  for (const Graph& graph : tall_graphs()) {
    const Graph more = testing::with_branches(graph);
    if (more.outputs.size() == graph.outputs.size() || ++integers > 4) continue;
    expect_the_same(more, "avx2", {0, 3});
  }
  EXPECT_GT(integers, 0);
}

TEST(Strips, OfALetterboxIntoTheInput) {
  const std::vector<Graph> graphs = tall_graphs();
  const auto found =
      std::ranges::find_if(graphs, [](const Graph& g) { return g.value(g.inputs[0]).type == DType::f32; });
  ASSERT_NE(found, graphs.end());
  expect_the_same(testing::with_a_second_reader(*found), "avx2", {0});
}

std::vector<Agreement> layers_of(const Graph& graph, const Plan& plan, Machine& machine,
                                 const std::map<ValueId, TensorPtr>& values) {
  return verify_layers(graph, plan, machine, values, {});
}

TEST(Strips, EveryLayerAgreesWithTheOracle) {
  for (const Graph& graph : tall_graphs()) {
    SCOPED_TRACE(graph.meta.path);
    const Plan plan = plan_of(graph, "scalar", 4, false);
    ASSERT_EQ(plan.program.strips, 4);
    const std::map<ValueId, TensorPtr> values = oracle::run(graph, testing::noise(graph));
    const std::vector<Agreement> layers = layers_of(graph, plan, *interpreting_machine(plan), values);
    EXPECT_GT(layers.size(), 40U);
    for (const Agreement& a : layers) EXPECT_EQ(a.equal, a.elements) << a.name << " (" << a.op << "): " << a.worst;
  }
}

// An error in any strip is seen, and of its rows no other's.
TEST(Strips, AStepTooMuchIsSeenInEachStrip) {
  const std::vector<Graph> graphs = tall_graphs();
  const auto is_integer = [](const Graph& g) {
    return std::ranges::any_of(g.nodes, [](const Node& n) { return std::holds_alternative<QConv>(n.op); });
  };
  const auto found = std::ranges::find_if(graphs, is_integer);
  ASSERT_NE(found, graphs.end());
  const Graph& graph = *found;
  const Plan plan = plan_of(graph, "scalar", 4, false);
  const std::map<ValueId, TensorPtr> values = oracle::run(graph, testing::noise(graph));
  const auto conv = std::ranges::find_if(graph.nodes, [&](const Node& n) {
    return std::holds_alternative<QConv>(n.op) && graph.value(n.outputs[0]).type == DType::u8;
  });
  ASSERT_NE(conv, graph.nodes.end());
  const size_t rows = size_t(graph.value(conv->outputs[0]).shape[2]),
               row = size_t(graph.value(conv->outputs[0]).shape[3]);
  for (size_t strip = 0; strip < 4; ++strip) {
    Tensor wrong = *values.at(conv->outputs[0]);
    wrong.data<uint8_t>()[strip * (rows / 4) * row] ^= 1;
    std::map<ValueId, TensorPtr> changed = values;
    changed[conv->outputs[0]] = share(std::move(wrong));
    const std::vector<Agreement> layers = layers_of(graph, plan, *interpreting_machine(plan), changed);
    const auto seen = std::ranges::find(layers, conv->name, &Agreement::name);
    ASSERT_NE(seen, layers.end());
    EXPECT_EQ(seen->equal, seen->elements - 1) << "strip " << strip;
  }
}

TEST(Strips, EveryLayerAgreesAsMachineCode) {
  const testing::TemporaryFolder folder;
  const std::string model = folder.write("demo.onnx", demo::make_detector());
  for (const int32_t strips : {2, 5}) {
    CompileOptions options;
    options.plan.strips = strips;
    options.plan.columns = false;
    const Compiled c = compile(model, options);
    ASSERT_EQ(c.plans[0].program.strips, strips);
    const std::map<ValueId, TensorPtr> values = oracle::run(c.graph, testing::noise(c.graph));
    const engine::Library library = engine::load(c.image);
    const sparsec_runtime_api& runtime = library.runtime();
    for (const int threads : {1, 2, 3}) {
      sparsec_rt_options create{};
      create.struct_bytes = sizeof create;
      create.threads = threads;
      sparsec_rt_context* context = nullptr;
      ASSERT_EQ(runtime.create(&library.model(), &create, &context), SPARSEC_OK);
      const std::vector<Agreement> layers = layers_of(c.graph, c.plans[0], *compiled_machine(runtime, context), values);
      EXPECT_GT(layers.size(), 30U);
      for (const Agreement& a : layers)
        EXPECT_EQ(a.equal, a.elements) << a.name << " (" << a.op << "): " << a.worst << ", " << threads << " threads";
      runtime.destroy(context);
    }
  }
}

}  // namespace
}  // namespace sparsec
