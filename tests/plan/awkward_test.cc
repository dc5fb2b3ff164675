// Graphs that once could not be planned: tensors that several operators want padded differently, operands whose
// channels lie in different slots, shapes that are no pictures. And a detector, with columns and without.
#include <gtest/gtest.h>

#include <filesystem>

#include "compiler/compile.h"
#include "compiler/error.h"
#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {

constexpr Quant kQuant{0.05f, 128};

struct Builder {
  Graph g;
  Builder() { g.meta.path = "test.onnx"; }

  ValueId input(Shape shape) {
    g.inputs.push_back(
        g.add_value({"in" + std::to_string(g.inputs.size()), DType::u8, std::move(shape), nullptr, kQuant}));
    return g.inputs.back();
  }
  ValueId conv(ValueId x, int64_t out, int64_t k, ValueId residual = kNoValue) {
    const int64_t in = g.value(x).shape[1];
    QConv op;
    op.window = Window{{k, k}, {1, 1}, {1, 1}, {k / 2, k / 2, k / 2, k / 2}};
    op.acc_bias.assign(size_t(out), 50);
    op.multiplier.assign(size_t(out), 0.0005f);
    op.bias.assign(size_t(out), 0.1f);
    op.residual = residual != kNoValue;
    op.lookup.resize(1);
    Tensor w(DType::s8, {out, in, k, k});
    for (size_t i = 0; i < w.bytes.size(); ++i) w.data<int8_t>()[i] = int8_t(i * 37 % 251 - 125);
    std::vector<ValueId> inputs{x, g.add_constant(name("w"), std::move(w))};
    if (op.residual) inputs.push_back(residual);
    Shape shape = g.value(x).shape;
    shape[1] = out;
    const ValueId y = g.add_value({name("conv"), DType::u8, shape, nullptr, kQuant});
    g.nodes.push_back({name("Conv"), std::move(op), inputs, {y}});
    return y;
  }
  ValueId concat(std::vector<ValueId> parts) { return add(Concat{1}, std::move(parts), kQuant); }
  ValueId pool(ValueId x) { return add(MaxPool{{{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}}}, {x}, g.value(x).quant); }
  ValueId sum(ValueId a, ValueId b) {
    return passes::append(g, name("Add"), QBinary{BinaryKind::add}, {a, b}, TypeAndShape{DType::u8, g.value(a).shape},
                          kQuant);
  }
  ValueId lookup(ValueId x) {
    Lookup op;
    for (size_t i = 0; i < 256; ++i) op.table[i] = uint8_t(255 - i);
    return passes::append(g, name("Lookup"), op, {x}, TypeAndShape{DType::u8, g.value(x).shape}, kQuant);
  }
  ValueId dequantise(ValueId x) { return add(Dequantize{{{kQuant.scale}, {kQuant.zero_point}, 0}}, {x}, {}); }
  ValueId add(Op op, std::vector<ValueId> inputs, std::optional<Quant> quant) {
    return passes::append(g, name("n"), std::move(op), std::move(inputs), {}, quant);
  }
  std::string name(const char* stem) const { return stem + std::to_string(g.nodes.size()); }

  // Equal to the oracle on every instruction set.
  void check(std::vector<ValueId> outputs) {
    g.outputs = std::move(outputs);
    verify(g, Stage::fused, "the test");
    const Graph graph = align_slots(g);
    verify(graph, Stage::fused, "align_slots");
    const std::vector<TensorPtr> inputs = testing::random_inputs(graph, 1);
    const auto want = oracle::run(graph, inputs), plain = oracle::run(g, inputs);
    for (const Isa* isa : all_isas()) {
      std::vector<Tensor> got;
      for (const ValueId v : graph.outputs) got.emplace_back(graph.value(v).type, graph.value(v).shape);
      PlanOptions options;
      if (isa->tiles) options.kernel = "amx";
      const Plan plan = make_plan(graph, *isa, options);
      Simulator(plan).run(inputs, got);
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(want.at(graph.outputs[i])->bytes, plain.at(g.outputs[i])->bytes);  // the copies change nothing
        EXPECT_EQ(got[i].bytes, want.at(graph.outputs[i])->bytes)
            << graph.value(graph.outputs[i]).name << " on " << isa->name;
      }
    }
  }
};

TEST(Awkward, AConvolutionAndAPoolPadTheSameTensor) {
  Builder b;
  const ValueId x = b.conv(b.input({1, 8, 9, 11}), 8, 3);
  b.check({b.pool(x), b.conv(x, 4, 3)});
}

// More input channels than a tile has, more output channels than a pass of tiles, neither a multiple.
TEST(Awkward, ConvolutionsOfManyChannels) {
  Builder b;
  const ValueId x = b.conv(b.input({1, 74, 5, 7}), 150, 3);
  b.check({x, b.conv(x, 70, 1), b.conv(x, 150, 1, x)});
}

TEST(Awkward, AConvolutionPadsAWholeAndAPoolItsPart) {
  Builder b;
  const ValueId x = b.input({1, 8, 9, 11}), part = b.conv(x, 6, 1), other = b.conv(x, 3, 3);
  b.check({b.conv(b.concat({part, other}), 5, 3), b.pool(part)});
}

TEST(Awkward, PoolsOfAWholeAndOfItsPart) {  // SPPF: one border serves all
  Builder b;
  const ValueId x = b.conv(b.input({1, 8, 9, 11}), 8, 1), p1 = b.pool(x), p2 = b.pool(p1), p3 = b.pool(p2);
  const ValueId whole = b.concat({x, p1, p2, p3});
  b.check({b.conv(whole, 5, 1), b.pool(whole)});
}

// Copies side by side, of a tensor that lies in the first copy's place and of one that comes from outside, channels
// that fill no plane, a part of another whole.
TEST(Awkward, CopiesOfOneTensorSideBySide) {
  Builder b;
  const ValueId in = b.input({1, 6, 9, 11}), x = b.conv(in, 6, 3), y = b.conv(b.concat({x, x, x}), 8, 3);
  b.check(
      {b.conv(b.concat({in, in}), 5, 3), b.conv(b.concat({x, y}), 5, 3), b.conv(b.concat({y, y}), 8, 1, y), b.pool(y)});
}

TEST(Awkward, AResidualWhoseChannelsLieElsewhere) {
  Builder b;
  const ValueId x = b.input({1, 9, 6, 7}), parts = b.concat({b.conv(x, 5, 1), b.conv(x, 3, 1)});
  b.check({b.conv(x, 8, 3, parts), parts});
}

TEST(Awkward, ASumOfConcatenationsOfOtherParts) {
  Builder b;
  const ValueId x = b.input({1, 9, 6, 7});
  const ValueId a = b.concat({b.conv(x, 5, 1), b.conv(x, 3, 1)}), c = b.concat({b.conv(x, 2, 1), b.conv(x, 6, 1)});
  b.check({b.sum(a, c), b.sum(a, a), b.sum(b.conv(x, 8, 3), a)});
}

TEST(Awkward, AFloatConvolutionPadsADequantisedTensor) {
  Builder b;
  const ValueId x = b.dequantise(b.conv(b.input({1, 4, 6, 19}), 6, 1));
  Tensor w(DType::f32, {2, 6, 3, 3});
  for (size_t i = 0; i < w.data<float>().size(); ++i) w.data<float>()[i] = float(i % 5) - 2;
  const ValueId weights = b.g.add_constant("w", std::move(w));
  FConv op;
  op.window = Window{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  op.bias = {1, -1};
  b.check({b.add(op, {x, weights}, {}), b.pool(x)});
}

TEST(Awkward, IntegersThatAreNoPictures) {
  Builder b;
  const ValueId a = b.input({3, 7}), c = b.input({3, 7}), d = b.input({2, 2, 2, 2, 3});
  b.check({b.lookup(a), b.sum(a, b.lookup(c)), b.lookup(b.lookup(d))});
}

// By a kernel where rows have a vector of pixels a phase and all phases are as wide, else by the runtime's step; with a
// border to fill and without.
TEST(Awkward, PhasesOfRowsOfEveryWidth) {
  for (const int64_t step : {2, 3, 4})
    for (const int64_t cols : {7, 8, 12, 16, 17, 36, 64, 68, 72, 83}) {
      SCOPED_TRACE(std::to_string(cols) + " columns, step " + std::to_string(step));
      Builder b;
      const ValueId x = b.conv(b.input({1, 5, 7, cols}), 7, 1), phases = b.add(SpaceToDepth{2, step, 128}, {x}, kQuant);
      b.check({b.conv(phases, 4, 3), b.add(SpaceToDepth{step, step, 128}, {x}, kQuant)});
    }
}

TEST(Awkward, KernelsTakeWideRowsApart) {
  for (const Isa* isa : all_isas())
    for (const int64_t cols : {2 * isa->lanes - 2, 2 * isa->lanes - 1, 2 * isa->lanes, 2 * isa->lanes + 2}) {
      Builder b;
      b.g.outputs = {b.add(SpaceToDepth{2, 2, 0}, {b.conv(b.input({1, 4, 4, cols}), 4, 1)}, kQuant)};
      const Plan plan = make_plan(align_slots(b.g), *isa, {});
      const bool by_step =
          std::ranges::any_of(plan.program.calls, [](const CallImage& c) { return c.runtime_step == "split_row"; });
      EXPECT_EQ(by_step, cols < 2 * isa->lanes || cols % 2 != 0) << isa->name << ' ' << cols;
    }
}

// Only the space-to-depth reads the quantised picture, and rows are wide enough: it has no place and no step.
TEST(Awkward, APictureIsQuantisedAsItsPhasesAreMade) {
  for (const int64_t cols : {30, 64, 72})
    for (const bool another_reader : {false, true}) {
      SCOPED_TRACE(cols);
      Builder b;
      b.g.inputs.push_back(b.g.add_value({"picture", DType::f32, {1, 3, 8, cols}, nullptr, {}}));
      const ValueId x = passes::append(b.g, "quantise", Quantize{{{kQuant.scale}, {kQuant.zero_point}, 0}},
                                       {b.g.inputs[0]}, TypeAndShape{DType::u8, Shape{1, 3, 8, cols}}, kQuant);
      std::vector<ValueId> outputs{b.conv(b.add(SpaceToDepth{4, 2, 128}, {x}, kQuant), 4, 3)};
      if (another_reader) outputs.push_back(b.pool(x));
      b.check(outputs);
      for (const Isa* isa : all_isas()) {
        const Plan plan = make_plan(align_slots(b.g), *isa, {});
        const bool has_place = plan.places.planes[size_t(x)] || plan.places.plain[size_t(x)];
        const bool has_step = std::ranges::count(plan.step_node, 0) > 0;
        EXPECT_EQ(has_place, another_reader || cols < 2 * isa->lanes) << isa->name;
        EXPECT_EQ(has_step, has_place) << isa->name;
      }
    }
}

TEST(Awkward, BatchesOfConvolutionsAreRefusedByName) {
  Builder b;
  b.g.outputs = {b.conv(b.input({2, 4, 6, 7}), 4, 1)};
  try {
    make_plan(align_slots(b.g), *all_isas()[0], {});
    FAIL() << "planned";
  } catch (const CompileError& e) {
    EXPECT_NE(std::string(e.what()).find("test.onnx: node Conv0 (QConv): in0 is 2x4x6x7; supported: "),
              std::string::npos)
        << e.what();
  }
}

// The same bits with columns and without, on every instruction set, and those of the oracle.
TEST(TinyDetector, ColumnsChangeNothing) {
  const std::string path = std::string(SPARSEC_SOURCE_DIR) + "/tests/data/tiny/tiny-block4_70_quant-in.onnx";
  CompileOptions options;
  options.targets = all_isas();
  options.plan.l2_bytes = 128 << 10;
  options.plan.band_tiles = 1;
  const Compiled with = compile(path, options);
  options.plan.columns = false;
  const Compiled without = compile(path, options);
  const std::vector<TensorPtr> inputs = testing::random_inputs(with.graph, 2);
  const auto want = oracle::run(with.graph, inputs);
  for (size_t p = 0; p < with.plans.size(); ++p) {
    int32_t bands = 0;
    for (const ColumnGroup& g : with.plans[p].groups) bands = std::max(bands, g.bands);
    EXPECT_GT(bands, 1) << "nothing runs in columns";
    for (const ColumnGroup& g : without.plans[p].groups) EXPECT_EQ(g.bands, 1);
    for (const Compiled* c : {&with, &without}) {
      std::vector<Tensor> got;
      for (const ValueId v : c->graph.outputs) got.emplace_back(c->graph.value(v).type, c->graph.value(v).shape);
      Simulator(c->plans[p]).run(inputs, got);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i].bytes, want.at(c->graph.outputs[i])->bytes) << c->plans[p].isa->name;
    }
  }
}

// Models whose weights are beyond s8, as ONNX Runtime's quantiser makes them: every instruction set gives the bits of
// the oracle.
TEST(AsymmetricWeights, EveryInstructionSetAgreesWithTheOracle) {
  for (const char* form : {"qdq", "qoperator", "detector"}) {
    SCOPED_TRACE(form);
    CompileOptions options;
    options.targets = all_isas();
    const Compiled c = compile(std::string(SPARSEC_SOURCE_DIR) + "/tests/data/asymmetric/" + form + ".onnx", options);
    for (const Node& node : c.graph.nodes) {
      if (!std::holds_alternative<QConv>(node.op)) continue;
      EXPECT_EQ(std::get<QConv>(node.op).summands, 2) << node.name;
    }
    for (const LayerReport& layer : c.sparsity.layers) {  // reports speak of the model's weights
      EXPECT_EQ(layer.counts.weights, layer.input[1] * layer.output[1] * layer.kernel[0] * layer.kernel[1]);
      EXPECT_LT(layer.counts.element_sparsity(), 0.1) << layer.name;
    }
    const std::vector<TensorPtr> inputs = testing::random_inputs(c.graph, 2);
    const auto want = oracle::run(c.graph, inputs);
    for (const Plan& plan : c.plans) {
      std::vector<Tensor> got;
      for (const ValueId v : c.graph.outputs) got.emplace_back(c.graph.value(v).type, c.graph.value(v).shape);
      Simulator(plan).run(inputs, got);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i].bytes, want.at(c.graph.outputs[i])->bytes) << plan.isa->name;
    }
  }
}

}  // namespace
}  // namespace sparsec
