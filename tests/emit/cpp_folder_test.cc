// The C++ form as a stranger builds it: make with g++ and with clang++, and CMake; a program in C links the library.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "compiler/engine/engine.h"
#include "compiler/error.h"
#include "tests/support/kernel_models.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

using testing::Folder;
using testing::Outcome;
using testing::shell;

// Runs every ISA that the library and the CPU have and prints what came out.
constexpr const char* kMain = R"(
#include "adder.h"
#include <stdio.h>
int main(void) {
  const char* isas[] = {"scalar", "avx2", "avx_vnni", "avx512_vnni", "amx"};
  for (int k = 0; k < 5; ++k) {
    adder_options options = {sizeof options, 1, isas[k], 0, 0, 0, 0, 0};
    adder_context* context = 0;
    int32_t a[128], b[128], out[128];
    const void* inputs[2] = {a, b};
    void* outputs[1] = {out};
    for (int i = 0; i < 128; ++i) a[i] = i, b[i] = i * i;
    if (adder_create(&options, &context) != adder_ok) continue;
    if (adder_run(context, inputs, outputs) != adder_ok) return 1;
    printf("%s:", adder_isa(context));
    for (int i = 0; i < 128; ++i) printf(" %d", (int)out[i]);
    printf("\n");
    adder_destroy(context);
  }
  return 0;
}
)";

std::string expected_output() {
  std::string numbers, out;
  for (int i = 0; i < 128; ++i) numbers += " " + std::to_string(i + i * i + 7);
  const std::vector<const Isa*> isas = testing::usable_isas();
  for (const char* name : {"scalar", "avx2", "avx_vnni", "avx512_vnni", "amx"})
    if (std::find(isas.begin(), isas.end(), find_isa(name)) != isas.end())
      out += std::string(name) + ":" + numbers + "\n";
  return out;
}

void write_adder(const Folder& folder) {
  engine::write_cpp(testing::vector_add_model("adder", testing::native_isas(), 8, 7), folder / "cpp");
  folder.write("main.c", kMain);
}

void check_make(const std::string& compiler) {
  if (!testing::has_command(compiler)) GTEST_SKIP() << compiler << " is not installed";
  const Folder folder;
  write_adder(folder);
  const Outcome built =
      shell(folder.path(), "make -s -j2 -C cpp CXX=" + compiler +
                               " OPTIMISE=-O0 && cc -Icpp main.c cpp/libadder.a -lm -lpthread -o main");
  ASSERT_EQ(built.status, 0) << built.output;
  EXPECT_EQ(shell(folder.path(), "./main").output, expected_output());
  const Outcome shown =
      shell(folder.path(), "nm -g --defined-only cpp/libadder.a | grep ' [A-Z] ' | grep -v ' adder_'");
  EXPECT_EQ(shown.output, "") << "only the API is shown";
  const Outcome needed = shell(folder.path(), "nm -u cpp/libadder.a | grep -E '_Z|__cxa|__gxx|sparsec'");
  EXPECT_EQ(needed.output, "") << "libc, libm and pthread suffice";
}

TEST(CppFolder, MakeWithGxx) { check_make("g++"); }
TEST(CppFolder, MakeWithClangxx) { check_make("clang++-19"); }

// Configured only: the sources are those of the Makefile, whose build is tested above.
TEST(CppFolder, CMakeConfigures) {
  const Folder folder;
  write_adder(folder);
  const Outcome configured = shell(folder.path(), "cmake -S cpp -B out -DCMAKE_BUILD_TYPE=Release");
  EXPECT_EQ(configured.status, 0) << configured.output;
}

TEST(CppFolder, SameFilesEachTime) {
  const Folder folder;
  const ModelImage model = testing::vector_add_model("adder", testing::native_isas(), 8, 7);
  engine::write_cpp(model, folder / "a");
  engine::write_cpp(model, folder / "b");
  EXPECT_EQ(shell(folder.path(), "diff -r a b").output, "");
}

// The readable forms are complete: LLVM's and GNU's own tools take them.
TEST(ReadableForms, TheAssemblyAssembles) {
  const Folder folder;
  folder.write("adder.s", engine::assembly_text(testing::vector_add_model("adder", testing::native_isas(), 8, 7)));
  const Outcome built = shell(folder.path(), "as adder.s -o adder.o && nm adder.o | grep -c ' T adder_run'");
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_EQ(built.output, "1\n");
}

TEST(ReadableForms, TheAssemblyOfArmAssembles) {
  if (!testing::has_command("aarch64-linux-gnu-as")) GTEST_SKIP() << "aarch64-linux-gnu-as is not installed";
  const Folder folder;
  folder.write("adder.s",
               engine::assembly_text(testing::vector_add_model("adder", testing::isas_for("aarch64"), 8, 7)));
  const Outcome built =
      shell(folder.path(), "aarch64-linux-gnu-as adder.s -o adder.o && nm adder.o | grep -c ' T adder_run'");
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_EQ(built.output, "1\n");
}

TEST(ReadableForms, TheModuleCompilesAsItsFirstLineSays) {
  if (!testing::has_command("llc-19")) GTEST_SKIP() << "llc-19 is not installed";
  const Folder folder;
  const std::string module = engine::llvm_text(testing::vector_add_model("adder", testing::native_isas(), 8, 7));
  folder.write("adder.ll", module);
  const std::string first = module.substr(0, module.find('\n'));
  ASSERT_TRUE(first.starts_with("; To an object: llc ")) << first;
  const Outcome built = shell(
      folder.path(), "llc-19 " + first.substr(20) + " adder.ll -o adder.o && nm adder.o | grep -c ' T adder_run'");
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_EQ(built.output, "1\n");
}

// Sources of an earlier model would be built by whoever takes all of a folder's files. Only what was written, and is
// as it was written, goes; a list that names other files removes none.
TEST(CppFolder, TakesAwayWhatAnEarlierModelLeft) {
  const Folder folder;
  const auto write = [&](const char* name) {
    engine::write_cpp(testing::vector_add_model(name, testing::native_isas(), 8, 7), folder / "cpp");
  };
  const auto names = [&] {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "cpp"))
      out.insert(std::filesystem::relative(entry.path(), folder / "cpp"));
    return out;
  };
  const std::string inside = "cpp/", outside = "outside.cc", text = "// mine\n";
  write("adder");
  const std::set<std::string> of_adder = names();
  ASSERT_TRUE(of_adder.contains("adder_tables.cc") && of_adder.contains("sparsec.sha256"));
  EXPECT_EQ(shell(folder.path(), "cd cpp && sha256sum --quiet --strict -c sparsec.sha256").status, 0);

  folder.write(inside + "adder_mine.cc", text);  // never written by a compile
  folder.write(inside + "adder_api.c", text);    // changed since
  folder.write(outside, text);
  const std::string hash = testing::read_file(folder / "cpp/sparsec.sha256");
  const std::string of_text = shell(folder.path(), "sha256sum outside.cc").output.substr(0, 64);
  ASSERT_EQ(shell(folder.path(), "mkdir real && cp outside.cc real/x.cc && ln -s ../real cpp/link").status, 0);
  folder.write(inside + "sparsec.sha256", hash + of_text + "  ../outside.cc\n" + of_text + "  " +
                                              (folder / outside).string() + "\n" + of_text + "  link/x.cc\nshort\n");
  write("other");
  const std::set<std::string> now = names();
  for (const std::string& name : of_adder)
    EXPECT_EQ(now.contains(name), !name.starts_with("adder") || name == "adder_api.c") << name;
  EXPECT_TRUE(now.contains("adder_mine.cc"));
  EXPECT_EQ(testing::read_file(folder / "cpp/adder_api.c"), text);
  for (const char* kept : {"outside.cc", "real/x.cc"}) EXPECT_EQ(testing::read_file(folder / kept), text) << kept;
  EXPECT_TRUE(now.contains("other_tables.cc"));

  write("other");  // over itself: nothing goes
  EXPECT_EQ(names(), now);

  // nor where the list spells its files otherwise
  ASSERT_EQ(shell(folder.path() / "cpp",
                  "sha256sum $(find . -type f ! -name sparsec.sha256) > list && mv list sparsec.sha256")
                .status,
            0);
  write("other");
  EXPECT_EQ(names(), now);

  ASSERT_EQ(shell(folder.path() / "cpp", "rm sparsec.sha256 && mkfifo sparsec.sha256").status, 0);
  EXPECT_THROW(write("other"), CompileError);  // and a pipe is not waited for
}

}  // namespace
}  // namespace sparsec
