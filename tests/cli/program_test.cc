// The program as users meet it: what comes out, what goes to standard error, how it ends, and what it leaves behind.
#include "tests/cli/program.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

const fs::path kTiny = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in";

NpyArray input_of(const std::vector<NamedArray>& stored) { return as_float(stored[0].array); }

TEST_F(Program, HelpAndVersion) {
  EXPECT_EQ(sparsec("--version").out.substr(0, 8), "sparsec ");
  const Outcome help = sparsec("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"detect", "run", "verify", "analyze", "benchmark", "cache"}) {
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
    const Outcome own = sparsec(std::string(command) + " --help");
    EXPECT_EQ(own.code, 0);
    EXPECT_NE(own.out.find(std::string("sparsec ") + command), std::string::npos) << "an example of " << command;
  }
}

TEST_F(Program, WrongCommandLinesAreTwo) {
  for (const char* line : {"", "--bogus", "detect", "run m.onnx", "m.onnx", "m.onnx -o a.a --emit tape",
                           "benchmark m.onnx -t -1", "detect m.onnx a.jpg --conf 2"}) {
    const Outcome o = sparsec(line);
    EXPECT_EQ(o.code, 2) << line;
    EXPECT_TRUE(o.err.starts_with("sparsec: ")) << o.err;
  }
}

TEST_F(Program, BadFilesAreOneLineAndLeaveNothing) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  folder_.write("empty.onnx", "");
  folder_.write("text.onnx", "hello\n");
  folder_.write("cut.onnx", testing::read_file(kTiny.string() + ".onnx").substr(0, 20000));
  for (const char* name : {"empty.onnx", "text.onnx", "cut.onnx", "missing.onnx"}) {
    expect_refused(std::string(name) + " -o x.a", name);
    expect_refused(std::string("detect ") + name + " scene.png", name);
  }
  const std::string model = kTiny.string() + ".onnx";
  expect_refused("detect " + model + " nowhere.jpg", "nowhere.jpg");  // nothing is compiled for no picture
  expect_refused(model + " -o nowhere/x.a", "nowhere");
  expect_usage(model + " -o x.bin", ".a (static) or .so (shared)");
  expect_usage(model + " -o x.a --target pdp11", "pdp11");
  expect_usage(model + " -o x.a --target avx2,neon_dotprod", "avx2 is x86_64 and neon_dotprod is aarch64");
  expect_usage(model + " -o x.a --name 1x", "--name");
  expect_usage(model + " -o x.a --dump-ir nonsense", "no pass 'nonsense'");
}

TEST_F(Program, RunAgreesWithOnnxRuntime) {
  const auto stored = read_npz(kTiny.string() + ".npz");
  write_npy(folder_ / "x.npy", input_of(stored));
  const Outcome o = sparsec("run " + kTiny.string() + ".onnx --input x.npy --output y.npz");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto ours = read_npz((folder_ / "y.npz").string());
  ASSERT_EQ(ours.size(), 1U);
  const NpyArray& expected = stored[1].array;
  ASSERT_EQ(ours[0].name, stored[1].name);
  ASSERT_EQ(ours[0].array.shape, expected.shape);
  // Scores (columns 4 and up): 99% within 0.01.
  const auto columns = size_t(expected.shape.back());
  size_t close = 0, scores = 0;
  for (size_t i = 0; i < expected.bytes.size() / 4; ++i) {
    if (i % columns < 4) continue;
    float a = 0, b = 0;
    std::memcpy(&a, &ours[0].array.bytes[i * 4], 4);
    std::memcpy(&b, &expected.bytes[i * 4], 4);
    ++scores;
    close += std::fabs(a - b) <= 0.01f;
  }
  EXPECT_GE(double(close), 0.99 * double(scores));
}

// ONNX Runtime's own asymmetric weights, some of them beyond s8: what it stored for a picture comes out, but for
// roundings of the quantisers on the way.
TEST_F(Program, RunAgreesOnAsymmetricWeights) {
  for (const std::string form : {"qdq", "qoperator"}) {
    SCOPED_TRACE(form);
    const std::string file = SPARSEC_SOURCE_DIR "/tests/data/asymmetric/" + form;
    const auto stored = read_npz(file + ".npz");
    write_npy(folder_ / "x.npy", stored[0].array);
    const Outcome o = sparsec("run '" + file + ".onnx' --input x.npy --output y.npz");
    ASSERT_EQ(o.code, 0) << o.err;
    const auto ours = read_npz((folder_ / "y.npz").string());
    ASSERT_EQ(ours.size(), 1U);
    const NpyArray &got = ours[0].array, &expected = stored[1].array;
    ASSERT_EQ(got.shape, expected.shape);
    float largest = 0, worst = 0;
    size_t same = 0;
    const size_t count = expected.bytes.size() / 4;
    for (size_t i = 0; i < count; ++i) {
      float a = 0, b = 0;
      std::memcpy(&a, &got.bytes[i * 4], 4);
      std::memcpy(&b, &expected.bytes[i * 4], 4);
      largest = std::max(largest, std::fabs(b));
      worst = std::max(worst, std::fabs(a - b));
      same += std::fabs(a - b) < 1e-5f;
    }
    EXPECT_LE(worst, 0.03f * largest);  // two or three steps of the output's quantiser
    EXPECT_GE(double(same), 0.9 * double(count)) << same << " of " << count;
    EXPECT_EQ(sparsec("verify '" + file + ".onnx'").code, 0);
  }
}

TEST_F(Program, RunSaysWhatItExpects) {
  const std::string model = kTiny.string() + ".onnx";
  const auto stored = read_npz(kTiny.string() + ".npz");
  write_npy(folder_ / "x.npy", input_of(stored));
  ASSERT_EQ(sparsec("run " + model + " --input x.npy --output y.npy").code, 0);  // fills the cache
  write_npy(folder_ / "u8.npy", stored[0].array);
  expect_refused("run " + model + " --input u8.npy --output y.npy", "the model expects float32 1x3x64x96");
  const NpyArray good = input_of(stored);
  write_npz(folder_ / "names.npz", std::vector<NamedArray>{{"images", good}, {"more", good}});
  expect_refused("run " + model + " --input names.npz --output y.npy",
                 "array more is no input of the model; its inputs: images");
  write_npz(folder_ / "other.npz", std::vector<NamedArray>{{"a", good}, {"b", good}});
  expect_refused("run " + model + " --input other.npz --output y.npy",
                 "has no array for the model's input images: float32 1x3x64x96");
  write_npz(folder_ / "lone.npz", std::vector<NamedArray>{{"a", good}});
  expect_refused("run " + model + " --input lone.npz --output y.npy", "has no array for the model's input images");
  write_npz(folder_ / "unnamed.npz", std::vector<NamedArray>{{"arr_0", good}});
  EXPECT_EQ(sparsec("run " + model + " --input unnamed.npz --output y.npy").code, 0);
  fs::remove(folder_ / "y.npy");
  expect_refused("run " + model + " --input missing.npy --output y.npy", "missing.npy");
  expect_usage("run " + model + " --input x.npy --output y.txt", "y.txt");
}

TEST_F(Program, DetectFindsWhatIsInTheScene) {
  ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  const Outcome json = sparsec("detect demo.onnx scene.png --json --save-dir out");
  ASSERT_EQ(json.code, 0) << json.err;
  const auto found = nlohmann::json::parse(json.out).at("scene.png");
  const size_t count = found.at("boxes").size();
  EXPECT_GT(count, 0U);
  for (const char* key : {"scores", "labels", "names"}) EXPECT_EQ(found.at(key).size(), count) << key;
  for (const auto& box : found.at("boxes")) {
    ASSERT_EQ(box.size(), 4U);
    EXPECT_LT(box[0].get<double>(), box[2].get<double>());
    EXPECT_LT(box[1].get<double>(), box[3].get<double>());
  }
  EXPECT_TRUE(fs::exists(folder_ / "out/scene.png"));
  EXPECT_NE(sparsec("detect demo.onnx scene.png").out.find(found.at("names")[0].get<std::string>()), std::string::npos);

  // a bad picture is told, and does not spoil the good one
  folder_.write("bad.jpg", "no picture");
  const Outcome mixed = sparsec("detect demo.onnx bad.jpg scene.png --json");
  EXPECT_EQ(mixed.code, 1);
  EXPECT_NE(mixed.err.find("bad.jpg: not a JPEG, PNG or BMP picture"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(mixed.out).size(), 1U);

  // the same from a library
  ASSERT_EQ(sparsec("demo.onnx -o libdemo.so").code, 0);
  EXPECT_EQ(sparsec("detect libdemo.so scene.png --json").out, json.out);

  const Outcome list = sparsec("cache");
  EXPECT_NE(list.out.find("demo.onnx"), std::string::npos);
  EXPECT_NE(sparsec("cache --clean").out.find("1 library"), std::string::npos);
  EXPECT_EQ(sparsec("cache").out.find("demo.onnx"), std::string::npos);
}

TEST_F(Program, BenchmarkPrintsTheKnownLines) {
  ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
  const Outcome o = sparsec("benchmark demo.onnx -q --iterations 3 -w 0 --threads 1");
  ASSERT_EQ(o.code, 0) << o.err;
  for (const char* line :
       {"Original Model Path: demo.onnx\n", "Batch Size: 1\n", "Scenario: sync\n", "Throughput (items/sec): ",
        "Latency Mean (ms/batch): ", "Latency Median (ms/batch): ", "Latency Std (ms/batch): ", "Iterations: 3\n"}) {
    EXPECT_NE(o.out.find(line), std::string::npos) << line << o.out;
  }
}

TEST_F(Program, BenchmarkOfPicturesTellsWhereTheTimeGoes) {
  ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
  ASSERT_EQ(run("mkdir scenes && " DRAW_SCENE " scenes/a.png && cp scenes/a.png scenes/b.png").code, 0);
  const Outcome o = sparsec("benchmark demo.onnx -q --iterations 3 -w 0 --images scenes");
  ASSERT_EQ(o.code, 0) << o.err;
  for (const char* line : {"Iterations: 3\n", "Total Runtime: ", "Processing Time Breakdown:\n"})
    EXPECT_NE(o.out.find(line), std::string::npos) << line << o.out;
  const size_t breakdown = o.out.find("Mean Latency Breakdown (ms/batch):\n");
  ASSERT_NE(breakdown, std::string::npos) << o.out;
  const auto part = [&](const std::string& name) {
    const size_t at = o.out.find("     " + name + ": ", breakdown);
    return at == std::string::npos ? -1 : std::stod(o.out.substr(at + name.size() + 7));
  };
  const double pre = part("pre_process"), forward = part("engine_forward"), post = part("post_process");
  EXPECT_GT(pre, 0);
  EXPECT_GT(forward, 0);
  EXPECT_GT(post, 0);
  EXPECT_LE(pre + forward + post, part("total_inference") + 0.001);
  expect_refused("benchmark demo.onnx -q --images nowhere.png", "nowhere.png");
  const Outcome both = sparsec("benchmark demo.onnx -q --images scenes -x result.json");
  EXPECT_EQ(both.code, 2);
  EXPECT_NE(both.err.find("--images excludes --export_path"), std::string::npos) << both.err;
}

// A table has a line for each layer, whatever their names are.
TEST_F(Program, NamesOfNodesAreOneLine) {
  testing::OnnxWriter m(13);
  m.input("x", DType::f32, {1, 4, 8, 8}).output("y").initialiser("w", Tensor(DType::f32, {4, 4, 1, 1}));
  m.node("Conv", {"x", "w"}, {"first\nsecond\ttab"})
      .node("Relu", {"first\nsecond\ttab"}, {"y"});  // named after outputs
  m.save(folder_ / "m.onnx");
  const Outcome o = sparsec("analyze m.onnx");
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("first?second?tab"), std::string::npos) << o.out;
}

TEST_F(Program, CacheSaysWhereItIs) {
  EXPECT_NE(sparsec("cache --help").out.find("XDG_CACHE_HOME/sparsec"), std::string::npos);
}

TEST_F(Program, VerifyAndAnalyze) {
  ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
  const Outcome verify = sparsec("verify demo.onnx --isa scalar");
  EXPECT_EQ(verify.code, 0) << verify.out << verify.err;
  EXPECT_NE(verify.out.find("verified\n"), std::string::npos);
  const Outcome analyze = sparsec("analyze demo.onnx --report r.html");
  EXPECT_EQ(analyze.code, 0) << analyze.err;
  EXPECT_NE(analyze.out.find("total of"), std::string::npos);
  EXPECT_NE(testing::read_file(folder_ / "r.html").find("</html>"), std::string::npos);
  const Outcome dump = sparsec("demo.onnx --dump-ir integerise --dump-plan");
  EXPECT_EQ(dump.code, 0) << dump.err;
  EXPECT_TRUE(dump.out.starts_with("after integerise:")) << dump.out.substr(0, 200);
  const Outcome columns = sparsec("demo.onnx --target avx2 --dump-plan --l2 64");
  EXPECT_NE(columns.out.find("columns for an L2 of 64 KB"), std::string::npos) << columns.out.substr(0, 200);
  const Outcome small = sparsec("demo.onnx --l2 1");
  EXPECT_NE(small.code, 0);
  EXPECT_NE(small.err.find("--l2"), std::string::npos) << small.err;
}

}  // namespace
}  // namespace sparsec::cli
