// What stands for MODEL: models, libraries of both kinds and machines, models that are no detectors; and the options
// that have no meaning for each.
#include <cmath>

#include "tests/cli/program.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

const std::string kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";

class ModelFiles : public Program {
 protected:
  void SetUp() override { ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0); }
};

TEST_F(ModelFiles, ALibraryIsCompiledAlready) {
  ASSERT_EQ(sparsec(kModel + " -o libq.so --target scalar").code, 0);
  for (const char* option : {"--batch 2", "--input-shape 64 96", "--target scalar", "--columns off", "--l2 512",
                             "--anchors 1,2", "--class-names missing.txt"}) {
    const std::string name(option, std::string_view(option).find(' '));
    const std::string wanted = "libq.so is compiled already: " + name + " can't change it; give the .onnx";
    expect_refused("detect libq.so scene.png " + std::string(option), wanted);
    expect_refused("benchmark libq.so " + std::string(option), wanted);
    expect_refused("benchmark libq.so --layers " + std::string(option), wanted);
    expect_refused("run libq.so --input x.npy --output y.npy " + std::string(option), wanted);
  }
  expect_refused("benchmark libq.so -b 2", "libq.so is compiled already: --batch can't change it");
  EXPECT_EQ(sparsec("detect libq.so scene.png --isa scalar --threads 1").code, 0);
}

TEST_F(ModelFiles, CommandsSayWhatTheyTake) {
  ASSERT_EQ(sparsec(kModel + " -o libq.so --target scalar").code, 0);
  ASSERT_EQ(sparsec(kModel + " -o libq.a --target scalar").code, 0);
  for (const char* library : {"libq.so", "libq.a"}) {
    for (const char* command : {"verify ", "analyze ", "analyze --measure ", "--dump-plan "})
      expect_refused(command + std::string(library),
                     std::string(library) + ": is a library; this command needs the .onnx");
  }
  for (const char* line : {"detect libq.a scene.png", "benchmark libq.a", "benchmark --layers libq.a",
                           "run libq.a --input x.npy --output y.npy"})
    expect_refused(line, "libq.a: is a static library; this command takes an .onnx or a shared library (.so)");
}

TEST_F(ModelFiles, LibrariesOfAnotherMachineAreTold) {
#ifdef __x86_64__
  const std::string target = "neon_dotprod", made_for = "aarch64", here = "x86_64";
#else
  const std::string target = "avx2", made_for = "x86_64", here = "aarch64";
#endif
  ASSERT_EQ(sparsec(kModel + " -o libother.so --target " + target).code, 0);
  const std::string told = "libother.so: is a library for " + made_for + ", and this machine is " + here;
  expect_refused("detect libother.so scene.png", told);
  expect_refused("benchmark libother.so", told);
}

// Which results they give is not defined, and the user is told so before wondering.
TEST_F(ModelFiles, WeightsThatAreNoNumbersAreTold) {
  for (const float odd : {NAN, INFINITY}) {
    testing::OnnxWriter m(13);
    m.input("x", DType::f32, {int64_t{1}, int64_t{1}, int64_t{8}, int64_t{8}}).output("y");
    m.initialiser("w", Tensor::of<float>({1, 1, 1, 1}, {odd})).node("Conv", {"x", "w"}, {"c"});
    m.node("MaxPool", {"c"}, {"y"}, {{"kernel_shape", testing::Ints{2, 2}}}).save(folder_ / "odd.onnx");
    const std::string warning =
        "sparsec: warning: odd.onnx: initialiser 'w' holds NaN or infinity; results that depend on it are not "
        "defined\n";
    const Outcome compiled = sparsec("odd.onnx -o libodd.a");
    EXPECT_EQ(compiled.code, 0);
    EXPECT_EQ(compiled.err, warning);
    if (!std::isnan(odd)) continue;  // all else compares equal
    const Outcome verified = sparsec("verify odd.onnx --target scalar");
    EXPECT_NE(verified.err.find(warning), std::string::npos) << verified.err;
    EXPECT_EQ(verified.code, 1);
    EXPECT_NE(verified.out.find(" makes NaN or infinity, for which no result is defined"), std::string::npos)
        << verified.out;
  }
}

TEST_F(ModelFiles, APipeIsNotWaitedFor) {
  ASSERT_EQ(run("mkfifo pipe").code, 0);
  for (const char* line : {" pipe -o x.a", " detect pipe scene.png"}) {
    const Outcome o = run("timeout 20 " SPARSEC_PROGRAM + std::string(line));
    EXPECT_EQ(o.code, 1) << line << o.err;
    EXPECT_NE(o.err.find("pipe: not a plain file"), std::string::npos) << o.err;
  }
}

TEST_F(ModelFiles, ToRunIsOneInstructionSet) {
  for (const char* isa : {"avx3", "host", "all"}) {
    expect_usage("detect " + kModel + " scene.png --isa " + isa,
                 std::string("--isa: '") + isa + "' is unknown; known: amx, ");
    expect_usage("verify " + kModel + " --isa " + isa, std::string("--isa: '") + isa + "' is unknown; known: amx, ");
  }
  expect_usage(kModel + " -o x.a --target avx3", "--target: 'avx3' is unknown; known: host, all, ");
}

TEST_F(ModelFiles, AnchorsAndNamesHaveToMeanSomething) {
  expect_refused(kModel + " -o x.a --anchors 10,13,16,30,33,23",
                 "tiny-block4_70_quant-in.onnx: decodes its boxes itself, by anchors of its own; leave out --anchors");
  testing::OnnxWriter(13)
      .input("x", DType::f32, {1, 3, 8, 8})
      .output("y")
      .node("Sigmoid", {"x"}, {"y"})
      .save((folder_ / "plain.onnx").string());
  ASSERT_EQ(sparsec("plain.onnx -o ok.a").code, 0);
  expect_refused("plain.onnx -o x.a --anchors 1,2,3,4",
                 "plain.onnx: has no raw YOLOv5 heads that 2 anchors fit; leave out --anchors");
  folder_.write("names.txt", "a\nb\n");
  expect_refused("plain.onnx -o x.a --class-names names.txt", "names.txt: the model is no detector");
  expect_refused(kModel + " -o x.a --class-names .", ".: is a folder; expected a file of class names");
}

}  // namespace
}  // namespace sparsec::cli
