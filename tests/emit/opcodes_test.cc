// Every opcode of the kernel IR, run in each form that an ISA has (LLVM's objects, g++'s and clang++'s C++), against
// the interpreter on random data.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "codegen/emit/cpp.h"
#include "codegen/emit/tables.h"
#include "codegen/interpret.h"
#include "compiler/engine/engine.h"
#include "tests/emit/opcode_cases.h"
#include "tests/support/emulator.h"
#include "tests/support/kernel_models.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

using testing::all_cases;
using testing::kMemoryBytes;
using testing::kRegisterBytes;
using testing::kSlot;
using testing::OpCase;
using testing::random_data;

struct Kernel {
  const Isa* isa;
  const OpCase* test;
  sparsec_kernel run;
};

constexpr int kRounds = 20;
int64_t tiles_of(int round) { return 1 + round % 5; }

// What one run of a kernel sees, and what must come out.
struct Round {
  std::vector<uint8_t> registers, memory, expected;
};

std::vector<Round> rounds_of(const Isa& isa, const OpCase& test) {
  std::mt19937 random(12345);
  std::vector<Round> rounds(kRounds);
  for (int i = 0; i < kRounds; ++i) {
    Round& round = rounds[size_t(i)];
    round = {random_data(test.registers, kRegisterBytes, random), random_data(test.memory, kMemoryBytes, random),
             std::vector<uint8_t>(kSlot)};
    const void* pointers[2 * SPARSEC_MAX_POINTERS] = {round.registers.data(), round.memory.data(),
                                                      round.expected.data()};
    kir::interpret(isa, test.function, pointers, tiles_of(i));
  }
  return rounds;
}

void check(const Kernel& kernel) {
  const std::vector<Round> rounds = rounds_of(*kernel.isa, *kernel.test);
  for (int i = 0; i < kRounds; ++i) {
    const Round& round = rounds[size_t(i)];
    std::vector<uint8_t> actual(kSlot);
    const void* pointers[2 * SPARSEC_MAX_POINTERS] = {round.registers.data(), round.memory.data(), actual.data()};
    kernel.run(pointers, tiles_of(i));
    ASSERT_EQ(actual, round.expected) << kernel.isa->name << " " << kir::print(kernel.test->function);
  }
}

ProgramImage program_of_cases(const Isa& isa, const std::vector<OpCase>& cases) {
  ProgramImage program;
  program.isa = &isa;
  for (const OpCase& test : cases) {
    const auto n = static_cast<uint32_t>(program.functions.size());
    program.functions.push_back(test.function);
    program.calls.push_back({static_cast<int32_t>(n), "", 0, 0});
    program.steps.push_back({test.function.name, "", n, 1, 1, 0});
  }
  return program;
}

ModelImage model_of_cases(const Isa& isa, const std::vector<OpCase>& cases) {
  ModelImage model;
  model.name = "ops";
  model.compiler = "sparsec 0.1.0";
  model.programs.push_back(program_of_cases(isa, cases));
  return model;
}

TEST(Opcodes, ThroughLlvm) {
  for (const Isa* isa : testing::usable_isas()) {
    const std::vector<OpCase> cases = all_cases(*isa);
    const engine::Library library = engine::load(model_of_cases(*isa, cases));
    for (size_t i = 0; i < cases.size(); ++i) check({isa, &cases[i], library.model().programs[0]->calls[i].kernel});
  }
}

// Writes the kernels' file of the C++ form and a table of them, `kernels`.
void write_cpp(const testing::Folder& folder, const Isa& isa, const std::vector<OpCase>& cases) {
  const ModelImage model = model_of_cases(isa, cases);
  for (const emit::TextFile& file : emit::cpp_files(model))
    if (file.path.starts_with("ops_" + std::string(isa.name)) || file.path == "portable_ops.h")
      folder.write(file.path, file.text);
  std::string list = "#include <stdint.h>\n", rows;
  for (const OpCase& test : cases) {
    const std::string symbol = emit::kernel_symbol(model, model.programs[0], test.function);
    list += "extern \"C\" void " + symbol + "(const void* const*, int64_t);\n";
    rows += "  " + symbol + ",\n";
  }
  folder.write("list.cc", list +
                              "typedef void (*Kernel)(const void* const*, int64_t);\n"
                              "extern \"C\" __attribute__((visibility(\"default\"))) const Kernel kernels[];\n"
                              "const Kernel kernels[] = {\n" +
                              rows + "};\n");
}

constexpr const char* kFlags =
    " -std=c++20 -O2 -Wall -Wextra -Werror -Wno-unused-but-set-variable -fPIC -fvisibility=hidden -ffp-contract=off ";

void check_cpp(const std::string& compiler) {
  if (!testing::has_command(compiler)) GTEST_SKIP() << compiler << " is not installed";
  for (const Isa* isa : testing::usable_isas()) {
    const std::vector<OpCase> cases = all_cases(*isa);
    const testing::Folder folder;
    write_cpp(folder, *isa, cases);
    const testing::Outcome built = testing::shell(folder.path(), compiler + kFlags + "-shared *.cc -o ops.so");
    ASSERT_EQ(built.status, 0) << built.output;
    void* library = dlopen((folder / "ops.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    const auto* kernels = static_cast<const sparsec_kernel*>(dlsym(library, "kernels"));
    ASSERT_NE(kernels, nullptr);
    for (size_t i = 0; i < cases.size(); ++i) check({isa, &cases[i], kernels[i]});
    dlclose(library);
  }
}

TEST(Opcodes, ThroughGxx) { check_cpp("g++"); }
TEST(Opcodes, ThroughClangxx) { check_cpp("clang++-19"); }

// Every round of every case: data from standard input, results to standard output.
constexpr const char* kMain = R"(
#include <stdint.h>
#include <stdio.h>
typedef void (*Kernel)(const void* const*, int64_t);
extern "C" const Kernel kernels[];
static char registers[REGISTERS], memory[MEMORY], out[SLOT];
int main() {
  for (int i = 0; i < CASES * ROUNDS; ++i) {
    const void* pointers[16] = {registers, memory, out};
    for (char& c : out) c = 0;
    if (fread(registers, sizeof registers, 1, stdin) != 1 || fread(memory, sizeof memory, 1, stdin) != 1) return 1;
    kernels[i / ROUNDS](pointers, 1 + i % ROUNDS % 5);
    if (fwrite(out, sizeof out, 1, stdout) != 1) return 2;
  }
  return 0;
}
)";

// ISAs of 64-bit ARM on a machine that is none.
void check_emulated(const std::string& compiler) {
  if (const std::string why = testing::no_aarch64(); !why.empty()) GTEST_SKIP() << why;
  for (const Isa* isa : testing::isas_for("aarch64")) {
    const std::vector<OpCase> cases = all_cases(*isa);
    const testing::Folder folder;
    write_cpp(folder, *isa, cases);
    folder.write("main.cc", kMain);
    std::string input;
    for (const OpCase& test : cases)
      for (const Round& round : rounds_of(*isa, test)) {
        input.append(round.registers.begin(), round.registers.end());
        input.append(round.memory.begin(), round.memory.end());
      }
    folder.write("input", input);
    const auto define = [](const char* name, size_t value) {
      return std::string(" -D") + name + "=" + std::to_string(value);
    };
    const testing::Outcome ran = testing::shell(
        folder.path(), compiler + kFlags + define("REGISTERS", kRegisterBytes) + define("MEMORY", kMemoryBytes) +
                           define("SLOT", kSlot) + define("CASES", cases.size()) + define("ROUNDS", kRounds) +
                           " -static *.cc -o main && qemu-aarch64 ./main < input > output");
    ASSERT_EQ(ran.status, 0) << ran.output;
    const std::string output = testing::read_file(folder / "output");
    ASSERT_EQ(output.size(), cases.size() * kRounds * kSlot);
    size_t at = 0;
    for (const OpCase& test : cases)
      for (const Round& round : rounds_of(*isa, test)) {
        const std::vector<uint8_t> actual(output.begin() + ptrdiff_t(at), output.begin() + ptrdiff_t(at + kSlot));
        ASSERT_EQ(actual, round.expected) << isa->name << " " << kir::print(test.function);
        at += kSlot;
      }
  }
}

TEST(Opcodes, OfArmThroughGxx) { check_emulated("aarch64-linux-gnu-g++"); }
TEST(Opcodes, OfArmThroughClangxx) {
  if (!testing::has_command("clang++-19")) GTEST_SKIP() << "clang++-19 is not installed";
  check_emulated("clang++-19 --target=aarch64-linux-gnu");
}

}  // namespace
}  // namespace sparsec
