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
  // Makes no sense: exit code 2 and one line that says `part`; leaves nothing beside what was there.
  void expect_usage(const std::string& arguments, const std::string& part) const {
    const auto before = files();
    const Outcome o = sparsec(arguments);
    EXPECT_EQ(o.code, 2) << arguments << "\n" << o.err;
    EXPECT_NE(o.err.find(part), std::string::npos) << arguments << "\n" << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_TRUE(o.out.empty()) << o.out;
    EXPECT_EQ(files(), before) << arguments;
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
