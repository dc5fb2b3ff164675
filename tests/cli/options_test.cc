// Options that other tests do not name, each by what comes out with it and without it.
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

const std::string kTiny = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in";
const std::string kModel = kTiny + ".onnx";

class Options : public Program {
 protected:
  std::string output_of(const std::string& arguments) const {
    const Outcome o = sparsec(arguments);
    EXPECT_EQ(o.code, 0) << arguments << "\n" << o.err;
    return o.out;
  }

  // A convolution of 3x3 for pictures of any number and size; a channel of its output is the mean of nine pixels.
  void write_dynamic() const {
    testing::OnnxWriter m(13);
    m.input("x", DType::f32, {"batch", int64_t{3}, "rows", "columns"});
    Tensor w(DType::f32, {4, 3, 3, 3});
    for (size_t i = 0; i < 9; ++i) w.data<float>()[i] = 1.0f / 9;
    m.initialiser("w", w).node("Conv", {"x", "w"}, {"y"}).output("y");
    m.save(folder_ / "dynamic.onnx");
  }
  NpyArray ones(const std::vector<int64_t>& shape) const {
    NpyArray a{NpyType::f32, shape, {}};
    a.bytes.resize(size_t(a.elements()) * 4);
    for (size_t i = 0; i < a.bytes.size() / 4; ++i) {
      const float one = 1;
      std::memcpy(&a.bytes[i * 4], &one, 4);
    }
    return a;
  }
};

TEST_F(Options, InputShape) {
  write_dynamic();
  write_npy(folder_ / "x.npy", ones({1, 3, 20, 34}));
  for (const char* shape : {"20 34", "20,34"}) {
    output_of("run dynamic.onnx --input x.npy --output y.npy --input-shape " + std::string(shape));
    const NpyArray y = read_npy(folder_ / "y.npy");
    EXPECT_EQ(y.shape, (std::vector<int64_t>{1, 4, 18, 32}));
    float first = 0, last = 0;
    std::memcpy(&first, y.bytes.data(), 4);
    std::memcpy(&last, &y.bytes[y.bytes.size() - 4], 4);
    EXPECT_NEAR(first, 1, 1e-6);
    EXPECT_EQ(last, 0);
  }
  fs::remove(folder_ / "y.npy");
  for (const auto& [option, expected] :
       {std::pair{" --input-shape 20", "float32 1x3x20x20"}, {"", "float32 1x3x640x640"}}) {
    const std::string line = std::string("run dynamic.onnx --input x.npy --output y.npy") + option;
    sparsec(line);  // fills the cache
    expect_refused(line, expected);
  }
  expect_refused(kModel + " -o liba.a --input-shape 32 32", "64x96");
}

TEST_F(Options, BatchByItsShortName) {
  write_dynamic();
  const std::string common = "benchmark dynamic.onnx -q -w 0 --iterations 2 --input-shape 32 ";
  output_of(common + "-b 3 -x b.json");
  output_of(common + "-x none.json");
  const auto read = [&](const char* name) { return nlohmann::json::parse(testing::read_file(folder_ / name)); };
  EXPECT_EQ(read("b.json")["batch_size"], 3);
  EXPECT_EQ(read("b.json")["input_shapes"], nlohmann::json::parse("[[3, 3, 32, 32]]"));
  EXPECT_EQ(read("none.json")["batch_size"], 1);
}

TEST_F(Options, ColumnsOff) {
  const std::string plan = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-rawheads.onnx --target avx2 --l2 64 --dump-plan";
  EXPECT_NE(output_of(plan).find("bands end at tile"), std::string::npos);
  const std::string off = output_of(plan + " --columns off");
  EXPECT_EQ(off.find("bands end at tile"), std::string::npos);
  EXPECT_NE(off.find("in 1 band, "), std::string::npos);

  write_npy(folder_ / "x.npy", as_float(read_npz(kTiny + ".npz")[0].array));
  output_of("run " + kModel + " --l2 64 --input x.npy --output on.npy");
  output_of("run " + kModel + " --l2 64 --columns off --input x.npy --output off.npy");
  EXPECT_EQ(testing::read_file(folder_ / "on.npy"), testing::read_file(folder_ / "off.npy"));
  EXPECT_EQ(sparsec(plan + " --columns on").code, 2);
}

TEST_F(Options, DumpOfAllPasses) {
  const std::string all = output_of(kModel + " --dump-ir all");
  size_t at = 0;
  for (const char* pass : {"import", "fold_constants", "split_batch", "recognise_activations", "fold_batchnorm",
                           "lower_head", "integerise", "fuse_epilogues", "lower_strides", "write_phases"}) {
    const size_t found = all.find("after " + std::string(pass) + ":", at);
    ASSERT_NE(found, std::string::npos) << pass << " in this order";
    at = found;
  }
  EXPECT_NE(all.find("after split_batch: (unchanged)\n"), std::string::npos);
  // of each pass what it prints alone
  for (const char* pass : {"import", "integerise", "fuse_epilogues"}) {
    const std::string alone = output_of(kModel + " --dump-ir " + pass);
    EXPECT_GT(alone.size(), 1000U);
    EXPECT_NE(all.find(alone), std::string::npos) << pass;
    EXPECT_LT(alone.size(), all.size() / 2);
  }
}

TEST_F(Options, EmitObjIsTheDefault) {
  output_of(kModel + " -o liba.a");
  output_of(kModel + " -o libb.a --emit obj --name a");
  const std::string library = testing::read_file(folder_ / "liba.a");
  EXPECT_TRUE(library.starts_with("!<arch>\n"));
  EXPECT_EQ(library, testing::read_file(folder_ / "libb.a"));
}

TEST_F(Options, EmitLlvmGivesAModuleThatLlcTakes) {
  output_of(kModel + " -o tiny.ll --emit llvm --target avx2,scalar");
  const std::string module = testing::read_file(folder_ / "tiny.ll");
  const std::string begin = "; To an object: ", first = module.substr(0, module.find('\n'));
  ASSERT_TRUE(first.starts_with(begin + "llc ")) << first;
  for (const char* part : {"define hidden void @tiny_scalar_conv_", "tiny_avx2_conv_", "@tiny_run("})
    EXPECT_NE(module.find(part), std::string::npos) << part;
  EXPECT_FALSE(fs::exists(folder_ / "tiny.h"));
  if (!testing::has_command("llc-19")) GTEST_SKIP() << "llc-19 is not installed";
  const Outcome built = run("llc-19" + first.substr(begin.size() + 3) + " -O0 tiny.ll -o tiny.o && nm tiny.o");
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_NE(built.out.find(" T tiny_run\n"), std::string::npos) << built.out.substr(0, 1000);
}

TEST_F(Options, VerifyInterpretsOnRequest) {
  const std::string verify = "verify " + kModel + " --target scalar";
  const std::string compiled = output_of(verify), interpreted = output_of(verify + " --interpret");
  EXPECT_NE(compiled.find("scalar (compiled): "), std::string::npos) << compiled;
  EXPECT_NE(interpreted.find("scalar (interpreted): "), std::string::npos) << interpreted;
  EXPECT_EQ(interpreted.find("(compiled)"), std::string::npos) << interpreted;
  for (const std::string& out : {compiled, interpreted}) EXPECT_TRUE(out.ends_with("\nverified\n")) << out;
}

TEST_F(Options, VerifyListsAllLayersOnRequest) {
  const std::string verify = "verify " + kModel + " --target scalar";
  const std::string without = output_of(verify), all = output_of(verify + " --all-layers");
  std::istringstream table(output_of("analyze " + kModel));
  std::string line;
  std::getline(table, line);  // the header
  size_t layers = 0;
  for (; std::getline(table, line) && !line.starts_with("total of"); ++layers) {
    const std::string row = "  " + line.substr(0, line.find(' ') + 1);
    EXPECT_NE(all.find(row), std::string::npos) << row;
    EXPECT_EQ(without.find(row), std::string::npos) << row;
  }
  EXPECT_GT(layers, 50U);
  EXPECT_GT(std::count(all.begin(), all.end(), '\n'), std::count(without.begin(), without.end(), '\n') + 50);
}

TEST_F(Options, CacheForgetsWhatIsOlder) {
  write_npy(folder_ / "x.npy", as_float(read_npz(kTiny + ".npz")[0].array));
  const std::string common = "run " + kModel + " --input x.npy --output y.npy --target ";
  output_of(common + "scalar");
  ASSERT_EQ(run("touch -d '10 days ago' cache/sparsec/*").code, 0);
  output_of(common + "scalar --columns off");
  const auto libraries = [&](const std::string& how) {
    const std::string out = output_of("cache " + how);
    return out.substr(out.rfind(": ") + 2, out.rfind(',') - out.rfind(": ") - 2);
  };
  EXPECT_EQ(libraries(""), "2 libraries");
  EXPECT_EQ(libraries("--clean --older-than 30"), "0 libraries not used for 30 days");
  EXPECT_EQ(libraries(""), "2 libraries");
  EXPECT_EQ(libraries("--clean --older-than 5"), "1 library not used for 5 days");
  EXPECT_NE(output_of("cache").find("--columns off"), std::string::npos) << "the one that is left";
  EXPECT_EQ(libraries(""), "1 library");
  EXPECT_EQ(sparsec("cache --clean --older-than -1").code, 2);
}

}  // namespace
}  // namespace sparsec::cli
