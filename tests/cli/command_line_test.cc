// What a command line means: words in any order, options where nobody would look at them, values that cannot be, and
// errors that nobody can read.
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

const std::string kTiny = SPARSEC_SOURCE_DIR "/tests/data/tiny/";

class CommandLine : public Program {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
    ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
    ASSERT_EQ(run("cp scene.png other.png").code, 0);
  }
  // In a shell of its own, which opens standard error as `redirection` says.
  Outcome with_error_to(const std::string& redirection, const std::string& arguments) const {
    return run("sh -c '" SPARSEC_PROGRAM " " + arguments + " " + redirection + "'");
  }
};

TEST_F(CommandLine, ErrorsThatNobodyCanReadKeepTheirExitCode) {
  for (const char* redirection : {"2>/dev/full", "2>&-"}) {
    EXPECT_EQ(with_error_to(redirection, "nothere.onnx -o x.a").code, 1) << redirection;
    EXPECT_EQ(with_error_to(redirection, "--bogus").code, 2) << redirection;
    folder_.write("broken.jpg", "no picture");
    const Outcome mixed = with_error_to(redirection, "detect demo.onnx scene.png broken.jpg --json");
    EXPECT_EQ(mixed.code, 1) << redirection;
    EXPECT_TRUE(nlohmann::json::parse(mixed.out, nullptr, false).contains("scene.png")) << mixed.out;
  }
}

// With standard error closed the next file that is opened would become it, and take the messages in.
TEST_F(CommandLine, MessagesStayOutOfFiles) {
  folder_.write("broken.jpg", "no picture");
  ASSERT_EQ(sparsec("detect demo.onnx scene.png --save-dir open").code, 0);
  EXPECT_EQ(with_error_to("2>&-", "detect demo.onnx broken.jpg scene.png --save-dir closed").code, 1);
  EXPECT_EQ(testing::read_file(folder_ / "closed/scene.png"), testing::read_file(folder_ / "open/scene.png"));
}

TEST_F(CommandLine, WhatCannotBePrintedIsAnError) {
  for (const char* command : {"--version", "--help"}) {
    EXPECT_EQ(run("sh -c '" SPARSEC_PROGRAM " " + std::string(command) + " >/dev/full'").code, 1) << command;
    EXPECT_EQ(run("sh -c '" SPARSEC_PROGRAM " " + std::string(command) + " >&-'").code, 1) << command;
  }
}

TEST_F(CommandLine, NumbersAreFiniteAndInTheirRange) {
  for (const char* line : {"benchmark demo.onnx -t nan", "benchmark demo.onnx -t inf", "benchmark demo.onnx -w nan",
                           "benchmark demo.onnx --images scene.png -t nan", "benchmark demo.onnx --streams 2 -t nan",
                           "cache --clean --older-than nan", "detect demo.onnx scene.png --conf nan",
                           "detect demo.onnx scene.png --iou nan", "detect demo.onnx scene.png --conf 2"})
    expect_usage(line, "is no number from 0 to ");
  expect_usage("benchmark demo.onnx --threads 1.5", "--threads: '1.5' is no whole number from 1 to 256");
  expect_usage("demo.onnx -o x.a --input-shape 0", "--input-shape: '0' is no list of 1 to 2 whole numbers");
}

TEST_F(CommandLine, OptionsStandBehindTheirCommand) {
  expect_usage("--report r.html analyze demo.onnx",
               "--report stands before 'analyze': write sparsec analyze MODEL --report r.html");
  expect_usage("--batch 4 benchmark demo.onnx",
               "--batch stands before 'benchmark': write sparsec benchmark MODEL --batch 4");
  expect_usage("-b 4 benchmark demo.onnx", "-b stands before 'benchmark': write sparsec benchmark MODEL -b 4");
  expect_usage("--target=scalar benchmark demo.onnx", "write sparsec benchmark MODEL --target scalar");
  expect_usage("--dump-plan analyze demo.onnx", "write sparsec analyze MODEL --dump-plan;");
  expect_usage("demo.onnx -o x.a detect demo.onnx scene.png", "-o stands before 'detect', which has no such option");
  expect_usage("demo.onnx detect demo.onnx scene.png",
               "'demo.onnx' stands before 'detect': write sparsec detect MODEL IMAGE; see sparsec detect --help");
}

TEST_F(CommandLine, OptionsAreGivenOnce) {
  expect_usage("benchmark demo.onnx --batch 2 --batch 3", "--batch: ");
  expect_usage("benchmark demo.onnx -b 2 --batch 3", "--batch: ");
}

TEST_F(CommandLine, ListsLeaveModelsAndPicturesAlone) {
  const std::string model = kTiny + "tiny-block4_70_quant-in.onnx", shape = "--input-shape 64 96 ";
  for (const std::string& line : {shape + model + " -o libd.a", "-o libd.a " + shape + model}) {
    const Outcome o = sparsec(line);
    EXPECT_EQ(o.code, 0) << line << "\n" << o.err;
  }
  for (const std::string& line : {shape + model + " scene.png other.png", model + " " + shape + "scene.png other.png",
                                  model + " scene.png other.png " + shape + "--max-det 1",
                                  model + " scene.png --max-det 1 " + shape + "other.png"}) {
    const Outcome o = sparsec("detect --json " + line);
    ASSERT_EQ(o.code, 0) << line << "\n" << o.err;
    EXPECT_EQ(nlohmann::json::parse(o.out).size(), 2U) << line;
  }
  expect_refused("-o libe.a --input-shape 64 " + model, "64x96");  // the model's; it was read, not taken for a number
  const Outcome verified = sparsec("verify " + model + " --isa scalar " + shape + "scene.png");
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_NE(verified.out.find(" on scene.png\n"), std::string::npos) << verified.out;
  for (const char* line : {"--images scene.png demo.onnx", "--images scene.png other.png demo.onnx",
                           "demo.onnx --images scene.png other.png"}) {
    const Outcome o = sparsec("benchmark -q --iterations 2 -w 0 " + std::string(line));
    EXPECT_EQ(o.code, 0) << line << "\n" << o.err;
    EXPECT_NE(o.out.find("Processing Time Breakdown:"), std::string::npos) << line;
  }
}

TEST_F(CommandLine, AnchorsLeavePicturesAlone) {
  const std::string raw = "detect --json " + kTiny + "tiny-rawheads.onnx ";
  const std::string anchors = "--anchors 10,13,16,30,33,23 30,61,62,45,59,119 116,90,156,198,373,326 ";
  const Outcome o = sparsec(raw + anchors + "scene.png --max-det 1");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out).size(), 1U);
  EXPECT_EQ(sparsec(raw + "scene.png " + anchors + "--max-det 1").out, o.out);
  expect_refused(raw + "--anchors 10,13 30,61 scene.png", "the raw heads need 9 anchors");
}

TEST_F(CommandLine, OptionsThatWouldDoNothing) {
  expect_usage("analyze demo.onnx --threads 2", "--threads requires --measure");
  expect_usage("analyze demo.onnx --pin", "--pin requires --measure");
  expect_usage("detect demo.onnx scene.png --target avx2 --isa scalar", "--isa scalar is not among --target avx2");
  expect_usage("verify demo.onnx --target avx2,avx512_vnni --isa scalar",
               "--isa scalar is not among --target avx2,avx512_vnni");
  for (const char* targets : {"avx2,scalar", "all"}) {
    const Outcome o = sparsec("analyze demo.onnx --isa scalar --target " + std::string(targets));
    EXPECT_EQ(o.code, 0) << targets << "\n" << o.err;
  }
  // not only where something is compiled for it: what the cache holds is no answer either
  ASSERT_EQ(sparsec("detect demo.onnx scene.png --isa scalar").code, 0);
  expect_usage("detect demo.onnx scene.png --target avx2 --isa scalar", "--isa scalar is not among --target avx2");
}

TEST_F(CommandLine, EveryFormAsksForItsOutput) {
  for (const char* more : {"", " --dump-plan"}) {
    expect_usage("demo.onnx --emit cpp" + std::string(more), "name the folder to write: sparsec demo.onnx -o ");
    expect_usage("demo.onnx --emit asm" + std::string(more), "name the file to write: sparsec demo.onnx -o yolo.s ");
    expect_usage("demo.onnx --emit llvm" + std::string(more), "name the file to write: sparsec demo.onnx -o yolo.ll ");
    expect_usage("demo.onnx --emit obj" + std::string(more), "name the library to write: sparsec demo.onnx -o ");
  }
  expect_refused("benchmark demo.onnx -x demo.onnx/x", "demo.onnx is no folder");
}

// Decided before anything is detected: pictures are known by their bytes, and written by their names.
TEST_F(CommandLine, PicturesOfAnyNameAreSaved) {
  ASSERT_EQ(run("cp scene.png scene.gif").code, 0);
  ASSERT_EQ(run("cp scene.png scene").code, 0);
  const Outcome o = sparsec("detect demo.onnx scene.gif scene scene.png --save-dir out");
  EXPECT_EQ(o.code, 0) << o.err;
  size_t saved = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "out")) saved += entry.path().extension() == ".png";
  EXPECT_EQ(saved, 3U);
  EXPECT_TRUE(fs::exists(folder_ / "out/scene.gif.png"));
}

TEST_F(CommandLine, ACacheThatCannotBeReadIsTold) {
  fs::create_directories(folder_ / "cache");
  folder_.write("cache/sparsec", "");  // a file, as root may read every folder
  for (const char* line : {"cache", "cache --clean"})
    expect_refused(line, "cache/sparsec: cannot read: Not a directory");
}

TEST_F(CommandLine, WhatCannotBeRemovedIsTold) {
  const std::string entry = "cache/sparsec/" + std::string(64, 'a');
  fs::create_directories(folder_ / (entry + ".txt/inside"));  // as root may remove every file
  folder_.write(entry + ".so", "library");
  expect_refused("cache --clean", entry + ".txt: cannot remove: Directory not empty");
}

TEST_F(CommandLine, EmptyValuesAreNone) {
  for (const char* option : {"--report", "--class-names", "--name"})
    expect_usage("demo.onnx -o x.a " + std::string(option) + " ''", std::string(option) + ": the value is empty");
  expect_usage("benchmark demo.onnx -x ''", "-x: the value is empty");
  expect_usage("detect demo.onnx scene.png --save-dir ''", "--save-dir: the value is empty");
  expect_usage("detect demo.onnx scene.png --isa=", "--isa: the value is empty; see sparsec detect --help");
  expect_usage("detect demo.onnx ''", "word 3 of the command line is empty");
}

}  // namespace
}  // namespace sparsec::cli
