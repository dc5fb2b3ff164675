// Every family of kernels on every instruction set: its text as people have looked at it, in every form, and its
// results bit for bit, interpreted and, where this CPU or an emulator can, as machine code and as C++.
// SPARSEC_UPDATE_GOLDEN=1 writes the texts anew.
#include "tests/codegen/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "codegen/emit/cpp.h"
#include "codegen/emit/llvm.h"
#include "codegen/emit/resources.h"
#include "codegen/interpret.h"
#include "compiler/engine/engine.h"
#include "tests/support/emulator.h"
#include "tests/support/kernel_models.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

// Names the family of the first wrong byte.
void expect_right(const testing::Families& f, const std::vector<uint8_t>& output, const std::string& how) {
  ASSERT_EQ(output.size(), f.output.size());
  const ProgramImage& p = f.program;
  for (size_t s = 0; s < p.steps.size(); ++s) {
    const CallImage& call = p.calls[p.steps[s].first_call];
    for (uint32_t i = call.first_pointer; i < call.first_pointer + call.pointers; ++i) {
      if (p.pointers[i].space != SPARSEC_OUTPUT) continue;
      const int64_t from = p.pointers[i].offset;
      const auto same =
          std::mismatch(output.begin() + from, output.begin() + from + (1 << 13), f.output.begin() + from);
      EXPECT_EQ(same.first - output.begin() - from, 1 << 13) << p.steps[s].name << " on " << p.isa->name << ", " << how;
    }
  }
}

class Family : public ::testing::TestWithParam<const Isa*> {};

TEST_P(Family, InterpretedEqualsAPlainLoop) {
  const testing::Families f = testing::families(*GetParam());
  std::vector<uint8_t> output(f.output.size());
  for (const StepImage& step : f.program.steps) {
    const CallImage& call = f.program.calls[step.first_call];
    std::array<const void*, SPARSEC_MAX_POINTERS> pointers{};
    for (uint32_t i = 0; i < call.pointers; ++i) {
      const sparsec_pointer& p = f.program.pointers[call.first_pointer + i];
      const uint8_t* base = p.space == SPARSEC_INPUT       ? f.input.data()
                            : p.space == SPARSEC_CONSTANTS ? f.program.constants.data()
                                                           : output.data();
      pointers[i] = base + p.offset;
    }
    kir::interpret(*GetParam(), f.program.functions[size_t(call.function)], pointers.data(), step.tiles);
  }
  expect_right(f, output, "interpreted");
}

TEST_P(Family, Text) {
  for (const kir::Function& function : testing::families(*GetParam()).program.functions) {
    const std::string name = function.name + "_" + std::string(GetParam()->name) + ".txt";
    const std::filesystem::path path = std::filesystem::path(SPARSEC_SOURCE_DIR) / "tests/codegen/golden" / name;
    std::string text = kir::print(function);
    if (GetParam()->style == Style::assembly)  // the same in C++, LLVM IR and the object
      text += "\n" + text_of(*GetParam(), function, function.name);
    else
      text += "\n" + emit::cpp_function(*GetParam(), function, function.name) + "\n" +
              emit::ir_function(*GetParam(), function, function.name);
    if (std::getenv("SPARSEC_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(text, testing::read_file(path)) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, Family, ::testing::ValuesIn(all_isas()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(Families, MachineCodeEqualsAPlainLoop) {
  std::vector<testing::Families> all;
  std::vector<ProgramImage> programs;
  for (const Isa* isa : testing::usable_isas()) {
    all.push_back(testing::families(*isa));
    programs.push_back(all.back().program);
  }
  const engine::Library library =
      engine::load(testing::model_of("families", programs, testing::vector_add(*testing::native_isas()[0], 1, 0)));
  ASSERT_EQ(library.model().n_programs, all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<uint8_t> output(all[i].output.size());
    testing::run_program(*library.model().programs[i], {all[i].input.data()}, {output.data()});
    expect_right(all[i], output, "compiled");
  }
}

// Longer than a conditional branch reaches.
TEST(Families, ALoopOfMoreThanAMegabyteOnArm) {
  const Isa& isa = *find_isa("neon_dotprod");
  if (object_resources("aarch64").empty()) GTEST_SKIP() << "built without aarch64-linux-gnu-g++";
  testing::KernelCase kernel = testing::vector_add(isa, 1, 0);
  std::vector<kir::Insn>& code = kernel.function.code;
  code.insert(code.end() - 1, 270'000, {.op = kir::Opcode::zero, .d = 9});
  EXPECT_GT(
      engine::build(testing::model_of("far", {testing::program_of(isa, kernel)}, kernel), engine::Form::archive).size(),
      size_t{1} << 20);
}

// main ISA: reads the input from standard input, writes the output to standard output.
constexpr const char* kMain = R"(
#include <stdio.h>
#include "families.h"
static char input[%INPUT%], output[%OUTPUT%];
int main(int argc, char** argv) {
  families_options options = {sizeof options, 1, argv[argc - 1], 0, 0, 0, 0, 0};
  families_context* context = 0;
  const void* inputs[1] = {input};
  void* outputs[1] = {output};
  if (fread(input, sizeof input, 1, stdin) != 1) return 1;
  if (families_create(&options, &context) != families_ok || families_run(context, inputs, outputs) != families_ok) return 2;
  families_destroy(context);
  return fwrite(output, sizeof output, 1, stdout) == 1 ? 0 : 3;
}
)";

// The families of several ISAs as one model, with a program that runs it.
class Built {
 public:
  explicit Built(const std::vector<const Isa*>& isas) {
    std::vector<ProgramImage> programs;
    for (const Isa* isa : isas) {
      all_.push_back(testing::families(*isa));
      programs.push_back(all_.back().program);
      input_ = std::max(input_, all_.back().input.size());  // AMX has a family more
      output_ = std::max(output_, all_.back().output.size());
    }
    const testing::KernelCase sizes{
        .function = {}, .input_strides = {int64_t(input_)}, .output_stride = int64_t(output_), .constants = {}};
    model = testing::model_of("families", std::move(programs), sizes);
    std::string main = kMain;
    main.replace(main.find("%INPUT%"), 7, std::to_string(input_));
    main.replace(main.find("%OUTPUT%"), 8, std::to_string(output_));
    folder.write("main.c", main);
  }

  void build(const std::string& command) const {
    const testing::Outcome built = testing::shell(folder.path(), command);
    ASSERT_EQ(built.status, 0) << built.output;
  }

  // `main`: how the program is called.
  void expect_right_on_each(const std::string& main, const std::string& how) const {
    for (const testing::Families& f : all_) {
      const std::string isa(f.program.isa->name);
      std::string input(f.input.begin(), f.input.end());
      input.resize(input_);
      folder.write("input", input);
      const testing::Outcome ran = testing::shell(folder.path(), main + " " + isa + " < input > output");
      ASSERT_EQ(ran.status, 0) << isa << " " << ran.output;
      const std::string output = testing::read_file(folder / "output");
      ASSERT_EQ(output.size(), output_);
      expect_right(f, {output.begin(), output.begin() + ptrdiff_t(f.output.size())}, how);
    }
  }

  testing::Folder folder;
  ModelImage model;

 private:
  std::vector<testing::Families> all_;
  size_t input_ = 0, output_ = 0;  // bytes of the model's
};

class FamiliesInCpp : public ::testing::TestWithParam<const char*> {};

TEST_P(FamiliesInCpp, EqualAPlainLoop) {
  const std::string compiler = GetParam();
  if (!testing::has_command(compiler)) GTEST_SKIP() << compiler << " is not installed";
  const Built families(testing::usable_isas());
  engine::write_cpp(families.model, families.folder / "cpp");
  families.build("make -s -j2 -C cpp OPTIMISE=-O1 CXX=" + compiler +
                 " && cc -Icpp main.c cpp/libfamilies.a -lm -lpthread -o main");
  families.expect_right_on_each("./main", "as C++ by " + compiler);
}

INSTANTIATE_TEST_SUITE_P(Compilers, FamiliesInCpp, ::testing::Values("g++", "clang++-19"),
                         [](const auto& info) { return std::string(info.index == 0 ? "gxx" : "clangxx"); });

// As a static library for the other architecture, with the runtime inside, run by an emulator.
TEST(Families, MachineCodeOfArmEqualsAPlainLoop) {
  if (const std::string why = testing::no_aarch64(); !why.empty()) GTEST_SKIP() << why;
  const Built families(testing::isas_for("aarch64"));
  engine::write_library(families.model, families.folder / "libfamilies.a", families.folder / "families.h");
  families.build("aarch64-linux-gnu-g++ -x c main.c -x none libfamilies.a -lm -lpthread -static -o main");
  families.expect_right_on_each("qemu-aarch64 ./main", "emulated");
}

}  // namespace
}  // namespace sparsec
