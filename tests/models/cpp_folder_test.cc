// A whole detector's C++ form, built by g++ and by clang++ as a stranger would, against the library of the same model:
// the same output, bit for bit, on every instruction set.
#include <gtest/gtest.h>

#include <span>

#include "compiler/cli/session.h"
#include "compiler/compile.h"
#include "sparsec/npy.h"
#include "tests/support/arrays.h"
#include "tests/support/quantised_head.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

constexpr const char* kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in";

// main ISA: a raw input from standard input, the raw output to standard output.
constexpr const char* kMain = R"(
#include <stdio.h>
#include "tiny.h"
static float input[3 * 64 * 96], output[378 * 8];
int main(int argc, char** argv) {
  tiny_options options = {sizeof options, 2, argc > 1 ? argv[1] : 0, 0, 0, 0, 0, 0};
  tiny_context* context = 0;
  const void* inputs[1] = {input};
  void* outputs[1] = {output};
  if (fread(input, sizeof input, 1, stdin) != 1) return 1;
  if (tiny_create(&options, &context) != tiny_ok || tiny_run(context, inputs, outputs) != tiny_ok) return 2;
  tiny_destroy(context);
  return fwrite(output, sizeof output, 1, stdout) == 1 ? 0 : 3;
}
)";

NpyArray picture() { return testing::as_float(read_npz(std::string(kModel) + ".npz")[0].array); }

void check(const std::string& compiler) {
  if (!testing::has_command(compiler)) GTEST_SKIP() << compiler << " is not installed";
  CompileOptions options;
  options.targets = host_isas();
  options.name = "tiny";
  const ModelImage image = compile(std::string(kModel) + ".onnx", options).image;
  const NpyArray input = picture();

  const testing::Folder folder;
  engine::write_cpp(image, folder / "cpp");
  folder.write("main.c", kMain);
  folder.write("input", testing::text_of(input.bytes));
  const testing::Outcome built =
      testing::shell(folder.path(), "make -s -j2 -C cpp CXX=" + compiler +
                                        " OPTIMISE=-O1 && cc -Icpp main.c cpp/libtiny.a -lm -lpthread -o main");
  ASSERT_EQ(built.status, 0) << built.output;

  const engine::Library library = engine::load(image);
  for (const Isa* isa : options.targets) {
    const std::string name(isa->name);
    const std::string expected =
        testing::text_of(cli::LoadedModel(library, kModel, {.threads = 2, .isa = name}).run({input})[0].bytes);
    ASSERT_EQ(testing::shell(folder.path(), "./main " + name + " < input > output").status, 0) << name;
    EXPECT_TRUE(testing::read_file(folder / "output") == expected) << name << " differs from the library";
  }
}

// main ISA: a picture from standard input, the boxes found to standard output.
constexpr const char* kDetectMain = R"(
#include <stdio.h>
#include "tiny.h"
static unsigned char picture[64 * 96 * 3];
static tiny_detection found[300];
int main(int argc, char** argv) {
  tiny_options options = {sizeof options, 2, argc > 1 ? argv[1] : 0, 0, 0, 0, 0, 0};
  tiny_context* context = 0;
  int n;
  if (fread(picture, sizeof picture, 1, stdin) != 1) return 1;
  if (tiny_create(&options, &context) != tiny_ok) return 2;
  n = tiny_detect(context, picture, 64, 96, 96 * 3, 0, found, 300);
  tiny_destroy(context);
  return n > 0 && fwrite(found, sizeof found[0], n, stdout) == (unsigned)n ? 0 : 3;
}
)";

// Where the head is not recognised and boxes are read from the output, with a batch besides.
TEST(CppFolderOfADetector, FindsWhatTheLibraryFindsInRows) {
  if (!testing::has_command("g++")) GTEST_SKIP() << "g++ is not installed";
  const testing::Folder folder;
  testing::write_quantised_head(folder / "model.onnx");
  CompileOptions options;
  options.targets = host_isas();
  options.name = "tiny";
  options.import.batch = 2;
  const ModelImage image = compile(folder / "model.onnx", options).image;
  Image picture(64, 96);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = uint8_t(i * 2654435761u >> 24);

  engine::write_cpp(image, folder / "cpp");
  folder.write("main.c", kDetectMain);
  folder.write("picture", std::string(picture.rgb.begin(), picture.rgb.end()));
  const testing::Outcome built = testing::shell(
      folder.path(), "make -s -j2 -C cpp CXX=g++ OPTIMISE=-O1 && cc -Icpp main.c cpp/libtiny.a -lm -lpthread -o main");
  ASSERT_EQ(built.status, 0) << built.output;

  const engine::Library library = engine::load(image);
  for (const Isa* isa : options.targets) {
    const std::string name(isa->name);
    const std::vector<cli::Detection> wanted =
        cli::LoadedModel(library, kModel, {.threads = 2, .isa = name}).detect(picture, {}, nullptr);
    ASSERT_GT(wanted.size(), 10u);
    ASSERT_EQ(testing::shell(folder.path(), "./main " + name + " < picture > found").status, 0) << name;
    static_assert(sizeof(cli::Detection) == sizeof(sparsec_rt_detection));
    const auto bytes = std::as_bytes(std::span(wanted));
    EXPECT_TRUE(testing::read_file(folder / "found") == testing::text_of({bytes.begin(), bytes.end()})) << name;
  }
}

TEST(CppFolderOfADetector, BuiltByGxxGivesTheLibrarysBits) { check("g++"); }
TEST(CppFolderOfADetector, BuiltByClangxxGivesTheLibrarysBits) { check("clang++-19"); }

}  // namespace
}  // namespace sparsec
