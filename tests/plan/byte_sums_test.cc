// Sums of bytes are computed in integers where the instruction set can, else by two fmas, and by the plain formula
// where neither has numbers for all pairs; they are the oracle's.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"

namespace sparsec {
namespace {

using kir::Opcode;

Graph graph_of(Quant a, Quant b, Quant y) {
  Graph g;
  g.meta.path = "test.onnx";
  const Shape shape{1, 8, 16, 16};
  g.inputs = {g.add_value({"a", DType::u8, shape, nullptr, a}), g.add_value({"b", DType::u8, shape, nullptr, b})};
  g.outputs = {g.add_value({"y", DType::u8, shape, nullptr, y})};
  g.nodes.push_back({"Add", QBinary{BinaryKind::add}, g.inputs, g.outputs});
  verify(g, Stage::fused, "the test");
  return align_slots(g);
}

// Whether the sum's kernels have the opcode.
bool has(const Plan& plan, Opcode op) {
  return std::ranges::any_of(plan.program.functions, [&](const kir::Function& f) { return uses(f, op); });
}

Plan plan_of(const Graph& graph, const Isa& isa) {
  std::mt19937 random(4);
  std::vector<TensorPtr> inputs;
  for (const ValueId v : graph.inputs) {
    Tensor x(DType::u8, graph.value(v).shape);
    for (uint8_t& byte : x.data<uint8_t>()) byte = uint8_t(random());
    inputs.push_back(share(std::move(x)));
  }
  Plan plan = make_plan(graph, isa, {});
  std::vector<Tensor> got{Tensor(DType::u8, graph.value(graph.outputs[0]).shape)};
  Simulator(plan).run(inputs, got);
  const auto want = oracle::run(graph, inputs);
  EXPECT_EQ(got[0].bytes, want.at(graph.outputs[0])->bytes) << isa.name;
  return plan;
}

TEST(ByteSums, AreInIntegersWhereTheInstructionSetCan) {
  for (const Isa* isa : all_isas()) {
    const Plan plan = plan_of(graph_of({0.0312f, 3}, {0.0471f, 128}, {0.0613f, 77}), *isa);
    EXPECT_EQ(has(plan, Opcode::dot2), has_text(*isa, Opcode::dot2)) << isa->name;
    EXPECT_EQ(has(plan, Opcode::to_float), !has_text(*isa, Opcode::dot2)) << isa->name;
    EXPECT_FALSE(has(plan, Opcode::mul_word)) << isa->name;
  }
}

// Halves of steps go to the even level, which no bias does, but rounding.
TEST(ByteSums, OfTiesAreByTwoFmas) {
  for (const Isa* isa : all_isas()) {
    const Plan plan = plan_of(graph_of({0.5f, 3}, {0.5f, 3}, {1, 77}), *isa);
    EXPECT_FALSE(has(plan, Opcode::dot2)) << isa->name;
    EXPECT_TRUE(has(plan, Opcode::to_float)) << isa->name;
    EXPECT_FALSE(has(plan, Opcode::mul_word)) << isa->name;
  }
}

}  // namespace
}  // namespace sparsec
