// Numbers that no picture holds: huge, infinite, not a number. What kernels and steps make of them is what the oracle
// does, on every instruction set, interpreted and as machine code.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/passes/rewrite.h"
#include "compiler/plan/slots.h"
#include "compiler/verify/simulate.h"
#include "tests/plan/machine_code.h"

namespace sparsec {
namespace {

// Ordinary and extreme values in turn, of either sign; every binary exponent occurs.
TensorPtr extremes(const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  const float infinity = std::numeric_limits<float>::infinity();
  Tensor t(DType::f32, shape);
  for (float& v : t.data<float>()) {
    const float unit = float(random() % 4096) / 2048 - 1;
    switch (random() % 6) {
      case 0:
        v = std::copysign(infinity, unit);
        break;
      case 1:
        v = std::copysign(std::numeric_limits<float>::quiet_NaN(), unit);
        break;
      case 2:
        v = unit * 0x1p127f;
        break;
      case 3:
        v = std::ldexp(unit, int(random() % 278) - 150);
        break;
      default:
        v = unit * 10;
    }
  }
  return share(std::move(t));
}

void expect_equal_to_the_oracle(const Graph& made, uint32_t seed) {
  verify(made, Stage::fused, "the test");
  const Graph graph = align_slots(made);
  std::vector<TensorPtr> inputs;
  for (const ValueId v : graph.inputs) inputs.push_back(extremes(graph.value(v).shape, seed++));
  const auto want = oracle::run(graph, inputs);
  for (const Isa* isa : all_isas()) {
    std::vector<Tensor> got;
    for (const ValueId v : graph.outputs) got.emplace_back(graph.value(v).type, graph.value(v).shape);
    const Plan plan = make_plan(graph, *isa, {});
    Simulator(plan).run(inputs, got);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i].bytes, want.at(graph.outputs[i])->bytes)
          << graph.value(graph.outputs[i]).name << ", interpreted for " << isa->name;
  }
  testing::expect_machine_code_gives(graph, inputs, want);
}

ValueId add_input(Graph& g, const Shape& shape) {
  g.inputs.push_back(g.add_value({"in" + std::to_string(g.inputs.size()), DType::f32, shape, nullptr, {}}));
  return g.inputs.back();
}

// 32 columns are whole vectors on every instruction set, 7 are not; {3, 7} is no picture. 0.03's reciprocal is less
// than its first float: infinities times what it lacks are of the other sign.
TEST(Extremes, QuantisingSaturatesAndNotANumberIsTheZeroPoint) {
  for (const float scale : {0.04f, 0.03f, 1e-30f, 1e30f, 3e38f}) {
    for (const Shape& shape : {Shape{1, 5, 4, 32}, Shape{1, 5, 4, 7}, Shape{3, 7}}) {
      SCOPED_TRACE(std::to_string(scale) + ", " + to_string(shape));
      Graph g;
      g.meta.path = "test.onnx";
      const ValueId x = add_input(g, shape);
      for (const int32_t zero_point : {0, 130, 255}) {
        const Quant q{scale, zero_point};
        g.outputs.push_back(passes::append(g, "quantise" + std::to_string(zero_point),
                                           Quantize{{{scale}, {zero_point}, 0}}, {x}, TypeAndShape{DType::u8, shape},
                                           q));
      }
      expect_equal_to_the_oracle(g, 7);
    }
  }
}

// The same where the picture is quantised as it is taken apart; 72 columns leave phases with a part of a vector.
TEST(Extremes, QuantisingIntoPhasesIsNoDifferent) {
  for (const float scale : {0.04f, 0.03f, 1e-30f, 1e30f, 3e38f})
    for (const int64_t columns : {64, 72})
      for (const int64_t step : {2, 4}) {
        SCOPED_TRACE(std::to_string(scale) + ", " + std::to_string(columns) + " columns by " + std::to_string(step));
        Graph g;
        g.meta.path = "test.onnx";
        const Shape shape{1, 5, 4, columns};
        const Quant q{scale, 130};
        const ValueId x = passes::append(g, "quantise", Quantize{{{scale}, {130}, 0}}, {add_input(g, shape)},
                                         TypeAndShape{DType::u8, shape}, q);
        g.outputs.push_back(passes::append(g, "phases", SpaceToDepth{step, step}, {x},
                                           TypeAndShape{DType::u8, {1, 5 * step * step, 4 / step, columns / step}}, q));
        for (const Isa* isa : all_isas())
          EXPECT_EQ(make_plan(g, *isa, {}).places.done_by[0] >= 0, scale < 1e38f && columns / step >= isa->lanes)
              << isa->name;
        expect_equal_to_the_oracle(g, 7);
      }
}

// The oracle's result is looked at too: a NaN in either operand wins.
TEST(Extremes, MinAndMaxKeepNotANumber) {
  for (const Shape& shape : {Shape{1, 3, 4, 32}, Shape{1, 3, 5, 7}, Shape{3, 7}}) {
    SCOPED_TRACE(to_string(shape));
    Graph g;
    g.meta.path = "test.onnx";
    const ValueId x = add_input(g, shape), y = add_input(g, shape);
    for (const BinaryKind kind : {BinaryKind::min, BinaryKind::max})
      g.outputs.push_back(passes::append(g, name_of(kind), Binary{kind}, {x, y}));
    expect_equal_to_the_oracle(g, 11);

    const TensorPtr a = extremes(shape, 11), b = extremes(shape, 12);
    const auto values = oracle::run(g, {a, b});
    int kept = 0;
    for (size_t i = 0; i < a->data<float>().size(); ++i) {
      const bool unordered = std::isnan(a->data<float>()[i]) || std::isnan(b->data<float>()[i]);
      kept += unordered;
      for (const ValueId v : g.outputs) EXPECT_EQ(std::isnan(values.at(v)->data<float>()[i]), unordered) << i;
    }
    EXPECT_GT(kept, 0);
  }
}

}  // namespace
}  // namespace sparsec
