// run(): nodes in order, every value kept, inputs checked.
#include <gtest/gtest.h>

#include "compiler/oracle/evaluate.h"
#include "tests/ir/build.h"
#include "tests/oracle/one_node.h"

namespace sparsec {
namespace {

using testing::f32;

Graph doubled_plus_one() {
  Graph g;
  g.meta.path = "m.onnx";
  const ValueId x = testing::add_input(g, "x", DType::f32, {2});
  const ValueId one = g.add_constant("one", f32({}, {1}));
  const ValueId twice = testing::add_node(g, "twice", Binary{BinaryKind::add}, {x, x});
  g.outputs = {testing::add_node(g, "more", Binary{BinaryKind::add}, {twice, one})};
  return g;
}

TEST(Run, KeepsEveryValueAndReportsEveryNode) {
  const Graph g = doubled_plus_one();
  std::vector<std::string> seen;
  const auto values = oracle::run(g, {share(f32({2}, {3, 4}))}, [&](const Node& n) { seen.push_back(n.name); });
  EXPECT_EQ(values.size(), 4u);
  EXPECT_EQ(testing::values<float>(*values.at(2)), (std::vector<float>{6, 8}));
  EXPECT_EQ(testing::values<float>(*values.at(g.outputs[0])), (std::vector<float>{7, 9}));
  EXPECT_EQ(seen, (std::vector<std::string>{"twice", "more"}));
}

TEST(Run, RefusesOtherInputs) {
  const Graph g = doubled_plus_one();
  EXPECT_THROW(oracle::run(g, {}), CompileError);
  EXPECT_THROW(oracle::run(g, {share(f32({3}, {1, 2, 3}))}), CompileError);
}

}  // namespace
}  // namespace sparsec
