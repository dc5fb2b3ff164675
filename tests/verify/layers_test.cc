// Verification layer by layer: every layer of the tiny models agrees with the oracle, and a layer that does not is
// seen.
#include "compiler/verify/layers.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/oracle/evaluate.h"
#include "tests/verify/tiny_models.h"

namespace sparsec {
namespace {

using Values = std::map<ValueId, TensorPtr>;

Compiled compile_without_columns(const std::string& model) {
  CompileOptions options;
  options.targets = {find_isa("scalar")};
  options.plan.columns = false;
  return compile(model, options);
}

std::vector<Agreement> layers_of(const Compiled& c, const Values& values) {
  return verify_layers(c.graph, c.plans[0], *interpreting_machine(c.plans[0]), values, {});
}

TEST(VerifyLayers, EveryLayerOfTheTinyModelsAgrees) {
  for (const std::string& model : testing::tiny_models()) {
    SCOPED_TRACE(model);
    const Compiled c = compile_without_columns(model);
    const std::vector<Agreement> layers = layers_of(c, oracle::run(c.graph, testing::noise(c.graph)));
    EXPECT_GT(layers.size(), 40u);
    for (const Agreement& a : layers) EXPECT_TRUE(a.good()) << a.name << " (" << a.op << "): " << a.worst;
  }
}

TEST(VerifyLayers, AStepTooMuchAndAFloatTooFarAreSeen) {
  const Compiled c = compile_without_columns(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx");
  const Values values = oracle::run(c.graph, testing::noise(c.graph));
  int integers = 0, floats = 0;
  for (const Node& node : c.graph.nodes) {
    const ValueId v = node.outputs[0];
    Tensor wrong = *values.at(v);
    if (std::holds_alternative<QConv>(node.op) && wrong.type == DType::u8 && !integers++)
      wrong.data<uint8_t>()[0] ^= 1;
    else if (std::holds_alternative<Decode>(node.op) && !floats++)
      wrong.data<float>()[0] += 1e-3F * wrong.data<float>()[0] + 10;
    else
      continue;
    Values changed = values;
    changed[v] = share(std::move(wrong));
    bool seen = false;
    for (const Agreement& a : layers_of(c, changed)) seen |= a.name == node.name && !a.good();
    EXPECT_TRUE(seen) << node.name;
  }
  EXPECT_GT(integers, 0);
  EXPECT_GT(floats, 0);
}

}  // namespace
}  // namespace sparsec
