// How requantised layers come by their levels, and that all of them are what the oracle says.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"

namespace sparsec {
namespace {

using kir::Opcode;

constexpr int64_t kChannels = 8;
constexpr Quant kIn{0.02f, 100},
    kOut{1, 77};  // an odd zero point: a multiplier of 1/4 has ties that no bias stands for

// A 1x1 convolution of a square picture.
Graph graph_of(int64_t side, const std::vector<float>& multipliers, bool sparse = true) {
  Graph g;
  g.meta.path = "test.onnx";
  const Shape shape{1, kChannels, side, side};
  g.inputs = {g.add_value({"x", DType::u8, shape, nullptr, kIn})};
  QConv op;
  op.window = Window{{1, 1}, {1, 1}, {1, 1}, {}};
  op.acc_bias.assign(kChannels, -1234);
  op.multiplier = multipliers;
  op.bias.assign(kChannels, 0);
  op.lookup.resize(1);
  Tensor w(DType::s8, {kChannels, kChannels, 1, 1});
  for (size_t i = 0; i < w.bytes.size(); ++i)
    w.data<int8_t>()[i] = sparse && i / 4 % 3 != 0 ? 0 : int8_t(i * 37 % 251 - 125);
  const ValueId weights = g.add_constant("w", std::move(w));
  g.outputs = {g.add_value({"y", DType::u8, shape, nullptr, kOut})};
  g.nodes.push_back({"Conv", std::move(op), {g.inputs[0], weights}, {g.outputs[0]}});
  verify(g, Stage::fused, "the test");
  return align_slots(g);
}

// How often the layer's kernels have an opcode, once the plan's results are seen to be the oracle's.
int64_t count(const Graph& graph, const Isa& isa, Opcode op, const std::string& kernel = {}) {
  std::mt19937 random(4);
  Tensor x(DType::u8, graph.value(graph.inputs[0]).shape), y(DType::u8, graph.value(graph.outputs[0]).shape);
  for (uint8_t& v : x.data<uint8_t>()) v = uint8_t(random());
  const std::vector<TensorPtr> inputs{share(std::move(x))};
  const auto want = oracle::run(graph, inputs);
  PlanOptions options;
  options.kernel = kernel;
  const Plan plan = make_plan(graph, isa, options);
  std::vector<Tensor> got{std::move(y)};
  Simulator(plan).run(inputs, got);
  EXPECT_EQ(got[0].bytes, want.at(graph.outputs[0])->bytes) << isa.name;
  int64_t n = 0;
  for (const kir::Function& f : plan.program.functions)
    n += std::ranges::count_if(f.code, [&](const kir::Insn& insn) { return insn.op == op; });
  return n;
}

std::vector<float> mixed() {
  std::vector<float> multipliers(kChannels, 0.0123f);
  multipliers[3] = 0.25f;  // a row with weights
  return multipliers;
}

TEST(Levels, AreBitsWithoutConversionsWhereEveryRowAllows) {
  for (const Isa* isa : all_isas()) {
    const Graph small = graph_of(8, std::vector<float>(kChannels, 0.0123f));
    EXPECT_GT(count(small, *isa, Opcode::pack_half), 0) << isa->name;
    for (const Opcode op : {Opcode::pack, Opcode::pack_s8, Opcode::to_float, Opcode::to_int})
      EXPECT_EQ(count(small, *isa, op), 0) << isa->name;
  }
}

// How a layer is packed: by one opcode only.
Opcode packed_by(const Graph& graph, const Isa& isa, const std::string& kernel) {
  Opcode by = Opcode::zero;
  int kinds = 0;
  for (const Opcode op : {Opcode::pack, Opcode::pack_s8, Opcode::pack_half})
    if (count(graph, isa, op, kernel) > 0) by = op, ++kinds;
  EXPECT_EQ(kinds, 1) << isa.name << ' ' << kernel;
  return by;
}

// A row that is no float's bits is converted alone where groups share no code; else all rows are.
TEST(Levels, OfARowThatIsConverted) {
  const Graph large = graph_of(48, mixed()), small = graph_of(6, mixed());
  for (const Isa* isa : all_isas()) {
    EXPECT_EQ(packed_by(large, *isa, "dense"), Opcode::pack) << isa->name;
    if (isa->unroll) {
      EXPECT_EQ(packed_by(large, *isa, "unrolled"), Opcode::pack_half) << isa->name;
      EXPECT_EQ(packed_by(small, *isa, "unrolled"), Opcode::pack_half) << isa->name;
      EXPECT_EQ(count(large, *isa, Opcode::to_int, "unrolled"), 1) << isa->name;
      EXPECT_EQ(packed_by(graph_of(48, mixed(), false), *isa, "unrolled"), Opcode::pack) << isa->name;
    }
    if (isa->tiles) {
      EXPECT_EQ(packed_by(large, *isa, "amx"), Opcode::pack_half);
      EXPECT_EQ(packed_by(small, *isa, "amx"), Opcode::pack);
      EXPECT_LT(count(large, *isa, Opcode::to_int, "amx"), count(small, *isa, Opcode::to_int, "amx"));
    }
  }
}

// Levels beyond int16 in one row: all are rounded to integers, which saturate where they are packed.
TEST(Levels, AreSignedWhereOneRowPassesInt16) {
  std::vector<float> multipliers(kChannels, 0.0123f);
  multipliers[3] = 3;
  for (const Isa* isa : all_isas()) {
    const Graph graph = graph_of(48, multipliers);
    EXPECT_EQ(packed_by(graph, *isa, "dense"), Opcode::pack_s8) << isa->name;
    if (!isa->unroll) continue;
    EXPECT_EQ(packed_by(graph, *isa, "unrolled"), Opcode::pack_s8) << isa->name;
  }
}

// Steps beyond int32 come out as 0, whatever the zero point.
TEST(Levels, AreUnsignedWhereOneRowPassesInt32) {
  std::vector<float> multipliers = mixed();
  multipliers[5] = 1e7f;
  for (const Isa* isa : all_isas())
    for (const Opcode op : {Opcode::pack_s8, Opcode::pack_half})
      EXPECT_EQ(count(graph_of(48, multipliers), *isa, op), 0) << isa->name;
}

}  // namespace
}  // namespace sparsec
