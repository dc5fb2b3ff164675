// The forms for people tell, above every step of every instruction set: its name, its shape, sparsity and kernel, and
// its place in the plan.
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/engine/engine.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

// Columns of several bands, kernels as assembly and as portable code, steps of the runtime, and detection's own.
Compiled compile_tiny() {
  CompileOptions options;
  options.targets = {find_isa("avx512_vnni"), find_isa("scalar")};
  options.name = "tiny";
  options.plan.l2_bytes = 64 << 10;
  return compile(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx", options);
}

// The step's lines as `form` prints them.
std::string comment_of(const StepImage& step, const std::string& begin, const std::string& end) {
  return begin + " " + step.name + end + begin + "   " + step.comment + end + begin + "   " + step.plan + end;
}

void expect_all(const Compiled& c, const std::string& text, const std::string& begin, const std::string& end,
                const std::string& portable_begin, const std::string& portable_end) {
  for (const ProgramImage& program : c.image.programs) {
    const bool assembly = program.isa->style == Style::assembly;
    for (const StepImage& step : program.steps) {
      ASSERT_TRUE(step.plan.starts_with("plan: ")) << step.name;
      const std::string lines =
          assembly ? comment_of(step, begin, end) : comment_of(step, portable_begin, portable_end);
      EXPECT_NE(text.find(lines), text.npos) << program.isa->name << " " << lines;
    }
  }
}

TEST(ReadableForms, PlansSayGroupBandsAndTiles) {
  const Compiled c = compile_tiny();
  size_t in_bands = 0, of_detection = 0;  // the latter stand among the steps of a group, too
  for (const Plan& plan : c.plans) {
    for (const ColumnGroup& g : plan.groups) {
      for (int32_t s = g.first; s <= g.last; ++s) {
        const StepImage& step = plan.program.steps[size_t(s)];
        if (step.plan.find("of detection") != step.plan.npos) {
          ++of_detection;
          continue;
        }
        std::string wanted = "plan: step " + std::to_string(s);
        wanted += g.first == g.last
                      ? std::string(" alone")
                      : " in the group of steps " + std::to_string(g.first) + " to " + std::to_string(g.last);
        wanted += " in " + std::to_string(g.bands) + (g.bands == 1 ? " band; " : " bands; ") +
                  std::to_string(step.tiles) + (step.tiles == 1 ? " tile" : " tiles");
        EXPECT_TRUE(step.plan.starts_with(wanted)) << step.plan << "\n" << wanted;
        EXPECT_EQ(step.plan.find(", bands end at tile ") != step.plan.npos, g.bands > 1) << step.plan;
        if (g.bands > 1) {
          EXPECT_TRUE(step.plan.ends_with(" " + std::to_string(step.tiles))) << step.plan;
          ++in_bands;
        }
      }
    }
  }
  EXPECT_GT(in_bands, 3U);
  EXPECT_GE(of_detection, 2U);
}

TEST(ReadableForms, EveryStepHasItsCommentInAssembly) {
  const Compiled c = compile_tiny();
  expect_all(c, engine::assembly_text(c.image), "#", "\n", "#", "\n");
}

TEST(ReadableForms, EveryStepHasItsCommentInLlvm) {
  const Compiled c = compile_tiny();
  expect_all(c, engine::llvm_text(c.image), "module asm \"#", "\"\n", ";", "\n");
}

TEST(ReadableForms, EveryStepHasItsCommentInCpp) {
  const Compiled c = compile_tiny();
  const testing::Folder folder;
  engine::write_cpp(c.image, folder / "cpp");
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "cpp"))
    if (entry.path().extension() == ".cc") text += testing::read_file(entry.path());
  expect_all(c, text, "//", "\n", "//", "\n");
}

}  // namespace
}  // namespace sparsec
