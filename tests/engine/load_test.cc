// A model made by hand, compiled and loaded into this process.
#include <gtest/gtest.h>

#include <numeric>

#include "compiler/engine/engine.h"
#include "tests/support/kernel_models.h"

namespace sparsec {
namespace {

TEST(Load, RunsEveryIsaOfTheCpu) {
  const std::vector<const Isa*> isas = testing::usable_isas();
  ASSERT_FALSE(isas.empty());
  const engine::Library library = engine::load(testing::vector_add_model("adder", isas, 8, 1000));
  const sparsec_model& model = library.model();
  EXPECT_STREQ(model.name, "adder");
  EXPECT_STREQ(model.inputs[1].name, "in1");
  EXPECT_EQ(model.outputs[0].shape[0], 128);
  ASSERT_EQ(model.n_programs, isas.size());
  for (uint32_t i = 0; i < model.n_programs; ++i) {
    EXPECT_EQ(model.programs[i]->isa, isas[i]->name);
    std::vector<int32_t> a(128), b(128), out(128), expected(128);
    std::iota(a.begin(), a.end(), -5);
    for (int k = 0; k < 128; ++k) b[size_t(k)] = k * k, expected[size_t(k)] = a[size_t(k)] + b[size_t(k)] + 1000;
    testing::run_program(*model.programs[i], {a.data(), b.data()}, {out.data()});
    EXPECT_EQ(out, expected) << isas[i]->name;
  }
}

TEST(Load, TwoModelsAtATime) {
  const std::vector<const Isa*> isas = {find_isa("scalar")};
  const engine::Library first = engine::load(testing::vector_add_model("first", isas, 1, 1));
  const engine::Library second = engine::load(testing::vector_add_model("second", isas, 1, 2));
  EXPECT_STREQ(first.model().name, "first");
  EXPECT_STREQ(second.model().name, "second");
}

TEST(Build, SameBytesEachTimeWhateverTheThreads) {
  const ModelImage model = testing::vector_add_model("same", testing::native_isas(), 8, 3);
  for (const engine::Form form : {engine::Form::archive, engine::Form::shared})
    EXPECT_EQ(engine::build(model, form, {.threads = 1}), engine::build(model, form, {.threads = 4}));
}

}  // namespace
}  // namespace sparsec
