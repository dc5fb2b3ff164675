// Whole detectors for 64-bit ARM, run by an emulator: the bits of this machine's portable code, as a static library and
// as C++ that the cross compiler builds.
#include <gtest/gtest.h>

#include "compiler/cli/session.h"
#include "compiler/compile.h"
#include "sparsec/npy.h"
#include "tests/models/found.h"
#include "tests/support/arrays.h"
#include "tests/support/emulator.h"
#include "tests/support/kernel_models.h"

namespace sparsec {
namespace {

// main ISA: the raw input from standard input, the raw outputs to standard output, and a line for each thing found in a
// picture of another size.
constexpr const char* kMain = R"(
#include <stdio.h>
#include <stdlib.h>
#include "tiny.h"
int main(int argc, char** argv) {
  static const size_t sizes[] = {SIZES};
  tiny_options options = {sizeof options, 2, argc > 1 ? argv[1] : 0, 0, 0, 0, 0, 0};
  tiny_context* context = 0;
  void* input = malloc(sizes[0]);
  void* outputs[8];
  size_t i;
  for (i = 1; i < sizeof sizes / sizeof *sizes; ++i) outputs[i - 1] = malloc(sizes[i]);
  if (fread(input, sizes[0], 1, stdin) != 1) return 1;
  if (tiny_create(&options, &context) != tiny_ok) return 2;
  if (tiny_run(context, (const void* const*)&input, outputs) != tiny_ok) return 3;
  for (i = 1; i < sizeof sizes / sizeof *sizes; ++i)
    if (fwrite(outputs[i - 1], sizes[i], 1, stdout) != 1) return 4;
  {
    static unsigned char rgb[50 * 70 * 3];
    static tiny_detection found[300];
    const tiny_detect_options how = {sizeof how, 0.01f, 0.45f, 300, 0, 0};
    int32_t n;
    for (i = 0; i < sizeof rgb; ++i) rgb[i] = (unsigned char)(i * 7 + i / 211 * 13 + i * i % 31 * 5);
    n = tiny_detect(context, rgb, 50, 70, 70 * 3, &how, found, 300);
    for (i = 0; (int32_t)i < n; ++i)
      printf("%a %a %a %a %a %d\n", found[i].x1, found[i].y1, found[i].x2, found[i].y2, found[i].score, found[i].label);
  }
  tiny_destroy(context);
  return 0;
}
)";

// As the model wants the picture: bytes, or 0..1.
NpyArray picture(const std::string& path, NpyType type) {
  NpyArray bytes = read_npz(path + ".npz")[0].array;
  return type == NpyType::u8 ? bytes : testing::as_float(bytes);
}

// Compiles the model for ARM, builds the library and the program with `build`, and compares what every instruction set
// gives.
void check(const std::string& name, bool cpp) {
  if (const std::string why = testing::no_aarch64(); !why.empty()) GTEST_SKIP() << why;
  const std::string path = std::string(SPARSEC_SOURCE_DIR) + "/tests/data/tiny/" + name;
  CompileOptions options;
  options.import.input_shape = {{64, 96}};
  options.name = "tiny";
  options.targets = {find_isa("scalar")};
  const cli::LoadedModel here(engine::load(compile(path + ".onnx", options).image), path,
                              {.threads = 2, .isa = "scalar"});
  ASSERT_EQ(here.inputs().size(), 1U);
  const NpyArray input = picture(path, here.inputs()[0].type);
  std::string sizes = std::to_string(input.bytes.size()), expected;
  for (const NpyArray& output : here.run({input})) {
    sizes += ", " + std::to_string(output.bytes.size());
    expected += testing::text_of(output.bytes);
  }

  const std::string found = testing::found_by(here, {.confidence = 0.01f});
  ASSERT_FALSE(found.empty());
  expected += found;

  const testing::Folder folder;
  std::string main = kMain;
  main.replace(main.find("SIZES"), 5, sizes);
  folder.write("main.c", main);
  folder.write("input", testing::text_of(input.bytes));
  options.targets = testing::isas_for("aarch64");
  const ModelImage image = compile(path + ".onnx", options).image;
  std::string make;
  if (cpp) {
    engine::write_cpp(image, folder / "lib");
    make =
        "make -s -j2 -C lib OPTIMISE=-O1 CXX=aarch64-linux-gnu-g++ LD=aarch64-linux-gnu-ld AR=aarch64-linux-gnu-ar "
        "OBJCOPY=aarch64-linux-gnu-objcopy && ";
  } else {
    std::filesystem::create_directory(folder / "lib");
    engine::write_library(image, folder / "lib/libtiny.a", folder / "lib/tiny.h");
  }
  const testing::Outcome built = testing::shell(
      folder.path(),
      make + "aarch64-linux-gnu-g++ -x c main.c -x none -Ilib lib/libtiny.a -lm -lpthread -static -o main");
  ASSERT_EQ(built.status, 0) << built.output;
  for (const Isa* isa : options.targets) {
    const std::string isa_name(isa->name);
    const testing::Outcome ran = testing::shell(folder.path(), "qemu-aarch64 ./main " + isa_name + " < input > output");
    ASSERT_EQ(ran.status, 0) << isa_name << " " << ran.output;
    EXPECT_TRUE(testing::read_file(folder / "output") == expected) << isa_name << " differs from this machine";
  }
}

TEST(ArmLibrary, OfAQuantisedDetector) { check("tiny-block4_70_quant-in", false); }
TEST(ArmLibrary, OfADetectorQuantisedThroughout) { check("tiny-block4_70_quant-all", false); }
TEST(ArmLibrary, OfAFloatDetector) { check("tiny-v5.0-focus", false); }
TEST(ArmCpp, OfAQuantisedDetector) { check("tiny-block4_70_quant-in", true); }
TEST(ArmCpp, OfAFloatDetector) { check("tiny-v5.0-focus", true); }

}  // namespace
}  // namespace sparsec
