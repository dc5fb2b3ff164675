// Static and shared libraries as a user links them: with a C compiler and nothing of sparsec.
#include <gtest/gtest.h>

#include <set>

#include "codegen/emit/resources.h"
#include "compiler/engine/engine.h"
#include "compiler/error.h"
#include "tests/support/kernel_models.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

using testing::Folder;
using testing::Outcome;
using testing::shell;

// Adds on every ISA of the library that this CPU has, through the generated header, and prints the sum of what came
// out.
std::string user_program(const std::string& name, const std::string& entry = "main") {
  std::string text = R"(
#include "@.h"
#include <stdio.h>
static int run_@(const char* isa) {
  @_options options = {sizeof(@_options), 2, isa, 0, 0, 0, 0, 0};
  @_context* context = 0;
  int32_t a[128], b[128], out[128];
  const void* inputs[2] = {a, b};
  void* outputs[1] = {out};
  long sum = 0;
  int status = @_create(&options, &context);
  if (status == @_bad_cpu) return 0;
  if (status != @_ok) return 1;
  for (int i = 0; i < 128; ++i) a[i] = i, b[i] = i * i;
  if (@_run(context, inputs, outputs) != @_ok) return 1;
  for (int i = 0; i < 128; ++i) sum += out[i];
  printf("%s %s %d %ld\n", @_about(0), @_isa(context), (int)@_threads(context), sum);
  @_destroy(context);
  return 0;
}
int MAIN(void) { return run_@("scalar") || run_@("avx2") || run_@("avx_vnni") || run_@("avx512_vnni") || run_@("amx"); }
)";
  for (size_t at; (at = text.find('@')) != text.npos;) text.replace(at, 1, name);
  return text.replace(text.find("MAIN"), 4, entry);
}

// What user_program prints for ISAs of this CPU.
std::string expected_output(const std::string& name, int32_t bias) {
  long sum = 0;
  for (int i = 0; i < 128; ++i) sum += i + i * i + bias;
  std::set<std::string_view> isas;
  for (const Isa* isa : testing::usable_isas()) isas.insert(isa->name);
  std::string out;
  for (const char* isa : {"scalar", "avx2", "avx_vnni", "avx512_vnni", "amx"})
    if (isas.contains(isa)) out += name + " " + isa + " 2 " + std::to_string(sum) + "\n";
  return out;
}

TEST(StaticLibrary, LinksIntoAProgramInC) {
  const Folder folder;
  engine::write_library(testing::vector_add_model("adder", testing::native_isas(), 8, 7), folder / "libadder.a",
                        folder / "adder.h");
  folder.write("main.c", user_program("adder"));
  const Outcome built =
      shell(folder.path(), "cc -std=c99 -Wall -Wextra -Werror main.c libadder.a -lm -lpthread -o main && ./main");
  EXPECT_EQ(built.status, 0);
  EXPECT_EQ(built.output, expected_output("adder", 7));
}

TEST(StaticLibrary, NeedsTheCLibraryOnlyAndShowsItsApiOnly) {
  const Folder folder;
  engine::write_library(testing::vector_add_model("adder", testing::native_isas(), 8, 7), folder / "libadder.a",
                        folder / "adder.h");
  const Outcome undefined = shell(folder.path(), "nm -u libadder.a | grep ' U ' | sed 's/.* U //'");
  std::istringstream names(undefined.output);
  for (std::string name; names >> name;) {
    EXPECT_EQ(name.find("_Z"), name.npos) << name << " is C++";
    EXPECT_EQ(name.find("__cxa"), name.npos) << name << " is C++";
    EXPECT_EQ(name.find("sparsec"), name.npos) << name << " was forgotten";
  }
  // Nothing but libc, libm and pthread is needed to link it whole.
  const Outcome linked =
      shell(folder.path(),
            "echo 'int main(void) { return 0; }' > m.c && cc -nostdlib -nostartfiles -shared -o whole.so "
            "-Wl,--whole-archive libadder.a -Wl,--no-whole-archive -Wl,-z,defs -lm -lpthread -lc");
  EXPECT_EQ(linked.status, 0) << linked.output;
  const Outcome defined =
      shell(folder.path(), "nm -g --defined-only libadder.a | grep -v ':$' | sed 's/.* //' | grep -v '^adder_'");
  EXPECT_EQ(defined.output.find_first_not_of('\n'), std::string::npos) << defined.output;
}

// The other architecture's runtime is inside where its compiler was; else what to do is said.
TEST(StaticLibrary, ForTheOtherArchitecture) {
  const bool host_is_arm = architecture_of(host_triple()) == "aarch64";
  const std::string other = host_is_arm ? "x86_64" : "aarch64";
  const Isa* isa = find_isa(host_is_arm ? "avx2" : "neon_dotprod");
  const Folder folder;
  const auto write = [&] {
    engine::write_library(testing::vector_add_model("adder", {isa, find_isa("scalar")}, 8, 7), folder / "libadder.a",
                          folder / "adder.h");
  };
  if (object_resources(other).empty()) {
    try {
      write();
      FAIL() << "written without a runtime";
    } catch (const CompileError& error) {
      EXPECT_NE(std::string(error.what()).find("use --emit cpp, or install it"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "libadder.a"));
    return;
  }
  write();
  const std::string machine = shell(folder.path(), "readelf -h libadder.a | grep Machine").output;
  EXPECT_NE(machine.find(host_is_arm ? "X86-64" : "AArch64"), std::string::npos) << machine;
  try {
    engine::load(testing::vector_add_model("adder", {isa}, 8, 7));
    FAIL() << "loaded";
  } catch (const CompileError& error) {
    EXPECT_NE(std::string(error.what()).find("adder.onnx: compiled for " + other), std::string::npos) << error.what();
  }
}

TEST(StaticLibrary, TwoModelsInOneProgram) {
  const Folder folder;
  engine::write_library(testing::vector_add_model("left", testing::native_isas(), 8, 1), folder / "libleft.a",
                        folder / "left.h");
  engine::write_library(testing::vector_add_model("right", testing::native_isas(), 8, 2), folder / "libright.a",
                        folder / "right.h");
  folder.write("left.c", user_program("left", "left_main"));
  folder.write("right.c", user_program("right", "right_main"));
  folder.write("main.c",
               "int left_main(void); int right_main(void); int main(void) { return left_main() || right_main(); }");
  const Outcome built =
      shell(folder.path(), "cc main.c left.c right.c libleft.a libright.a -lm -lpthread -o main && ./main");
  EXPECT_EQ(built.status, 0);
  EXPECT_EQ(built.output, expected_output("left", 1) + expected_output("right", 2));
}

TEST(SharedLibrary, LinksIntoAProgramAndLoads) {
  const Folder folder;
  engine::write_library(testing::vector_add_model("adder", testing::native_isas(), 8, 9), folder / "libadder.so",
                        folder / "adder.h");
  folder.write("main.c", user_program("adder"));
  const Outcome built = shell(folder.path(), "cc main.c libadder.so -o main && LD_LIBRARY_PATH=. ./main");
  EXPECT_EQ(built.status, 0);
  EXPECT_EQ(built.output, expected_output("adder", 9));
  EXPECT_STREQ(engine::load(folder / "libadder.so").model().name, "adder");
}

TEST(SharedLibrary, TheRuntimeInsideRunsForTools) {
  const engine::Library library = engine::load(testing::vector_add_model("adder", {find_isa("scalar")}, 8, 5));
  const sparsec_runtime_api& runtime = library.runtime();
  sparsec_rt_context* context = nullptr;
  ASSERT_EQ(runtime.create(&library.model(), nullptr, &context), SPARSEC_OK);
  std::vector<int32_t> a(128, 1), b(128, 2), out(128);
  const void* inputs[] = {a.data(), b.data()};
  void* outputs[] = {out.data()};
  EXPECT_EQ(runtime.run(context, inputs, outputs), SPARSEC_OK);
  EXPECT_EQ(out, std::vector<int32_t>(128, 8));
  std::fill(out.begin(), out.end(), 0);
  EXPECT_EQ(runtime.run_entries(context, inputs, outputs, 0, 0, 1), SPARSEC_OK);
  EXPECT_EQ(out, std::vector<int32_t>(128, 8));
  EXPECT_EQ(runtime.program(context), library.model().programs[0]);
  EXPECT_GE(runtime.threads(context), 1);
  EXPECT_STREQ(runtime.status_text(SPARSEC_OK), "ok");
  EXPECT_GT(runtime.context_bytes(&library.model(), 1), 0u);
  EXPECT_NE(runtime.last_error(context), nullptr);
  runtime.destroy(context);
}

TEST(Output, AnUnwritablePlaceIsNamedAndNothingIsLeft) {
  const Folder folder;
  const ModelImage model = testing::vector_add_model("adder", {find_isa("scalar")}, 1, 0);
  try {
    engine::write_library(model, folder / "no/such/folder/libadder.a", folder / "adder.h");
    FAIL() << "wrote into a missing folder";
  } catch (const CompileError& error) {
    EXPECT_NE(std::string(error.what()).find("no/such/folder/libadder.a"), std::string::npos) << error.what();
  }
  EXPECT_THROW(engine::write_library(model, folder / "libadder.a", folder / "no/adder.h"), CompileError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Load, RefusesWhatIsNoModel) {
  const Folder folder;
  EXPECT_THROW(engine::load(folder / "missing.so"), CompileError);
  folder.write("text.so", "not a library");
  EXPECT_THROW(engine::load(folder / "text.so"), CompileError);
  ASSERT_EQ(shell(folder.path(), "echo 'int x;' > x.c && cc -shared -fPIC x.c -o other.so").status, 0);
  EXPECT_THROW(engine::load(folder / "other.so"), CompileError);
}

}  // namespace
}  // namespace sparsec
