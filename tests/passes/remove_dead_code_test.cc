#include "compiler/passes/passes.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

TEST(RemoveDeadCode, DropsWhatNoOutputNeedsButNoInput) {
  GraphBuilder b;
  b.input({1, 1, 2, 2});  // read by nothing
  const ValueId x = b.input({1, 1, 2, 2});
  const ValueId live = b.unary(UnaryKind::relu, x);
  b.binary(BinaryKind::add, b.unary(UnaryKind::exp, live), b.random({2}));  // dead, with its constant
  const Graph before = b.build({live});
  const Graph after = remove_dead_code(before);
  EXPECT_EQ(after.nodes.size(), 1u);
  EXPECT_EQ(after.values.size(), 3u);
  ASSERT_EQ(after.inputs.size(), 2u);
  EXPECT_EQ(after.value(after.inputs[1]).name, "in1");
  expect_same(before, after, 0);
}

TEST(RemoveDeadCode, LeavesALiveGraphAsItIs) {
  GraphBuilder b;
  const Graph before = b.build({b.conv(b.input({1, 2, 4, 4}), 3)});
  EXPECT_EQ(print(remove_dead_code(before)), print(before));
}

TEST(Rewrite, SortBringsAppendedNodesBeforeTheirReaders) {
  GraphBuilder b;
  const ValueId x = b.input({4});
  const ValueId y = b.unary(UnaryKind::exp, x);
  const Graph before = b.build({b.unary(UnaryKind::neg, y)});
  Graph graph = before;
  const ValueId twice = append(graph, "twice", Unary{UnaryKind::relu}, {y});  // exp is positive: changes nothing
  graph.nodes[1].inputs[0] = twice;
  graph = tidy(std::move(graph));
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[1].name, "twice");
  expect_same(before, graph, 0);
}

TEST(Rewrite, SortRefusesACycle) {
  GraphBuilder b;
  const ValueId x = b.input({4});
  const ValueId y = b.unary(UnaryKind::exp, x);
  const ValueId z = b.unary(UnaryKind::neg, y);
  Graph graph = b.build({z});
  graph.nodes[0].inputs[0] = z;
  EXPECT_THROW(sort_topologically(graph), InternalError);
}

TEST(Rewrite, ReplacedOutputsKeepTheirNames) {
  GraphBuilder b;
  const ValueId x = b.input({4});
  const ValueId y = b.unary(UnaryKind::exp, x);
  const ValueId z = b.unary(UnaryKind::abs, y);
  const Graph before = b.build({z});
  Graph graph = before;
  replace_uses(graph, z, y);  // |exp x| = exp x
  expect_same(before, tidy(graph), 0);
  // An input cannot take another name: the output keeps its node.
  Graph identity = before;
  replace_uses(identity, z, x);
  EXPECT_EQ(identity.outputs[0], z);
}

}  // namespace
}  // namespace sparsec::passes
