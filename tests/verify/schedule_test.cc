// A schedule's barriers suffice: threads in the worst order that they allow compute what one thread computes layer by
// layer. The simulator's arena is as long as the plan says, so a sanitized build sees what runs over it.
#include <gtest/gtest.h>

#include "sparsec/detect.h"
#include "tests/support/quantised_head.h"
#include "tests/verify/simulated.h"
#include "tests/verify/tiny_models.h"

namespace sparsec {
namespace {

using testing::levels_of;
using testing::simulate;

constexpr int64_t kLarge = int64_t{1} << 40;  // caches that hold everything: threads go layer by layer

Compiled compile_for(const std::string& model, const char* isa, bool columns) {
  CompileOptions options;
  options.targets = {find_isa(isa)};
  options.plan.columns = columns;
  options.plan.l2_bytes = 48 << 10;  // small enough that tiny layers run in bands
  options.plan.band_tiles = 1;
  return compile(model, options);
}

void expect_order_does_not_matter(const std::string& model, const char* isa) {
  SCOPED_TRACE(model + " on " + isa);
  const Compiled plain = compile_for(model, isa, false), banded = compile_for(model, isa, true);
  const std::vector<TensorPtr> inputs = testing::noise(plain.graph);
  const std::vector<Tensor> expected = simulate(plain, inputs, 1);
  const auto expect_same = [&](const Compiled& c, int threads, int64_t caches) {
    const std::vector<Tensor> outputs = simulate(c, inputs, threads, caches);
    for (size_t k = 0; k < outputs.size(); ++k)
      EXPECT_EQ(outputs[k].bytes, expected[k].bytes)
          << "output " << k << ", " << threads << " threads, caches of " << caches;
  };
  expect_same(plain, 3, rt::kNoCache);
  expect_same(banded, 1, rt::kNoCache);
  expect_same(banded, 3, rt::kNoCache);
  expect_same(banded, 3, kLarge);
  EXPECT_TRUE(std::any_of(banded.plans[0].groups.begin(), banded.plans[0].groups.end(), [](const ColumnGroup& g) {
    return g.bands > 1;
  })) << "no group runs in bands: the test tests nothing";
}

TEST(Schedule, ThreadsMayComeInAnyOrder) {
  const std::vector<std::string> models = testing::tiny_models();
  ASSERT_FALSE(models.empty());
  for (const std::string& model : models) expect_order_does_not_matter(model, "scalar");
}

TEST(Schedule, ThreadsMayComeInAnyOrderOnWideVectors) {
  const std::string model = testing::tiny_models().front();
  for (const char* isa : {"avx2", "avx_vnni", "avx512_vnni", "amx"}) expect_order_does_not_matter(model, isa);
}

void expect_order_does_not_matter_in_detection(const std::string& model, const char* isa) {
  SCOPED_TRACE(model + " on " + isa);
  const Compiled plain = compile_for(model, isa, false), banded = compile_for(model, isa, true);
  const auto expected = levels_of(plain, 1);
  ASSERT_EQ(expected.size(), 6U);
  EXPECT_EQ(levels_of(plain, 3), expected);
  EXPECT_EQ(levels_of(banded, 3), expected);
  EXPECT_EQ(levels_of(banded, 3, kLarge), expected);
}

TEST(Schedule, ThreadsMayComeInAnyOrderInDetection) {
  for (const std::string& model : testing::tiny_models()) expect_order_does_not_matter_in_detection(model, "scalar");
  for (const char* isa : {"avx2", "amx", "neon_i8mm"})
    expect_order_does_not_matter_in_detection(testing::tiny_models().front(), isa);
}

// Where boxes are read from the output, on any machine's instruction sets: the rows that a run of the letterboxed
// picture gives, by one schedule and by the other.
TEST(Schedule, DetectionMakesTheRowsOfARun) {
  const testing::TemporaryFolder folder;
  testing::write_quantised_head(folder.file("model.onnx"));
  Image picture(50, 70);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = uint8_t(i * 7 + i / 211 * 13);
  const Letterboxed boxed = letterbox(picture, 64, 96);
  for (const Isa* isa : all_isas()) {
    SCOPED_TRACE(isa->name);
    const Compiled c = compile_for(folder.file("model.onnx"), std::string(isa->name).c_str(), true);
    const Plan& plan = c.plans.front();
    const std::vector<Tensor> expected = simulate(c, {share(Tensor::of<float>({1, 3, 64, 96}, boxed.input))}, 1);
    ASSERT_EQ(plan.program.head.levels, 1u);
    ASSERT_EQ(plan.program.head.level[0].rows, 378);
    for (const int threads : {1, 3}) {
      Simulator simulator(plan);
      std::vector<float> input(boxed.input.size());
      Tensor output(DType::f32, {1, 378, 8});
      simulator.bind({input.data()}, {output.bytes.data()});
      int stops = 0;
      simulator.detect(picture.rgb.data(), 50, 70, [&](const sparsec_level&) { ++stops; }, threads);
      EXPECT_EQ(stops, 1);
      EXPECT_EQ(output.bytes, expected[0].bytes) << threads << " threads";
    }
  }
}

// The order of the simulator is a test only if a missing barrier shows.
TEST(Schedule, AMissingBarrierShows) {
  Compiled c = compile_for(testing::tiny_models().front(), "scalar", false);
  const std::vector<TensorPtr> inputs = testing::noise(c.graph);
  const std::vector<Tensor> expected = simulate(c, inputs, 3);
  for (sparsec_work& work : c.plans[0].program.schedule) work.barrier = 0;
  EXPECT_NE(simulate(c, inputs, 3)[0].bytes, expected[0].bytes);
}

// Detection has its own schedule: from the letterbox to the head, each tile of each step once; no decoded tensor, no
// output, and of these models' heads nothing but the objectness.
TEST(Schedule, DetectionDoesNothingForTheOutputs) {
  for (const std::string& model : testing::tiny_models()) {
    SCOPED_TRACE(model);
    const Compiled c = compile_for(model, "scalar", true);
    const Plan& plan = c.plans[0];
    const ProgramImage& program = plan.program;
    ASSERT_EQ(program.head.levels, 3u);
    std::vector<int64_t> done(program.steps.size(), 0);
    for (const sparsec_work& work : program.detect_schedule) {
      EXPECT_EQ(work.begin, done[work.step]);
      done[work.step] = work.end;
      const StepImage& step = program.steps[work.step];
      const int32_t node = plan.step_node[work.step];
      EXPECT_FALSE(node >= 0 && std::holds_alternative<Decode>(c.graph.nodes[size_t(node)].op)) << step.name;
      for (uint32_t i = step.first_call; i < step.first_call + step.calls; ++i) {
        const CallImage& call = program.calls[i];
        for (uint32_t p = call.first_pointer; p < call.first_pointer + call.pointers; ++p) {
          EXPECT_NE(program.pointers[p].space, uint32_t(SPARSEC_OUTPUT)) << step.name;
          EXPECT_NE(program.pointers[p].space, uint32_t(SPARSEC_INPUT)) << step.name;  // no tensor in between
        }
      }
    }
    for (size_t s = 0; s < done.size(); ++s) EXPECT_TRUE(done[s] == 0 || done[s] == program.steps[s].tiles) << s;
    uint32_t before = 0;
    for (uint32_t k = 0; k < program.head.levels; ++k) {
      EXPECT_GT(program.head.level[k].ready, before) << "each stride has its own layers";
      before = program.head.level[k].ready;
      EXPECT_GT(program.head.level[k].cells_per_tile, 0);
      EXPECT_EQ(done[program.head.level[k].step], 0);
    }
    EXPECT_EQ(before, program.detect_schedule.size());
    for (const sparsec_work& work : program.schedule)
      EXPECT_NE(program.calls[program.steps[work.step].first_call].runtime_step, "letterbox");
  }
}

}  // namespace
}  // namespace sparsec
