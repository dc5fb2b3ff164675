// --strips: any number of strips and threads gives the same bytes and the same boxes.
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

// The demo's detector, of 320 x 320 pixels: 2 strips or 5.
class StripsOption : public Program {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
    ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
    NpyArray x{NpyType::f32, {1, 3, 320, 320}, {}};
    x.bytes.resize(size_t(x.elements()) * 4);
    for (size_t i = 0; i < size_t(x.elements()); ++i) {
      const float v = float((i * 2654435761u >> 9 ^ i / 960) % 256) / 255;
      std::memcpy(&x.bytes[i * 4], &v, 4);
    }
    write_npy(folder_ / "x.npy", x);
  }
  std::string output_of(const std::string& arguments) const {
    const Outcome o = sparsec(arguments);
    EXPECT_EQ(o.code, 0) << arguments << "\n" << o.err;
    return o.out;
  }
  std::string plan(const std::string& options) const { return output_of("demo.onnx --dump-plan " + options); }
  static bool is_cut(const std::string& plan) { return plan.find("from other strips") != std::string::npos; }
};

TEST_F(StripsOption, ResultsDoNotDependOnIt) {
  std::string bytes;
  nlohmann::json boxes;
  for (const char* strips : {"1", "2", "4", "5"})
    for (const char* threads : {"1", "2", "3", "4", "5"}) {
      const std::string options = std::string(" --strips ") + strips + " --threads " + threads;
      output_of("run demo.onnx --input x.npy --output y.npy" + options);
      const std::string got = testing::read_file(folder_ / "y.npy");
      const auto found = nlohmann::json::parse(output_of("detect demo.onnx scene.png --json" + options));
      if (bytes.empty()) {
        bytes = got;
        boxes = found;
        EXPECT_GT(boxes.at("scene.png").size(), 3U);
      }
      EXPECT_EQ(got, bytes) << options;
      EXPECT_EQ(found, boxes) << options;
    }
}

TEST_F(StripsOption, CutsWhatCanBeCut) {
  const std::string uncut = plan("--target avx2 --strips 1");
  EXPECT_FALSE(is_cut(uncut));
  for (const char* strips : {"2", "5"}) EXPECT_TRUE(is_cut(plan(std::string("--target avx2 --strips ") + strips)));
  for (const char* strips : {"3", "4", "10", "20"})
    EXPECT_EQ(plan(std::string("--target avx2 --strips ") + strips), uncut) << strips;
  EXPECT_EQ(plan("--target avx2"), uncut);  // a library for another machine
}

// Where threads are known, each has a strip, unless it has pictures of its own.
TEST_F(StripsOption, OneForEachThreadByDefault) {
  const auto strips = [&](const std::string& options) {
    output_of("run demo.onnx --input x.npy --output y.npy" + options);
    const std::string listed = output_of("cache");
    output_of("cache --clean");
    const size_t at = listed.find("--strips ");
    return at == std::string::npos ? std::string("1") : listed.substr(at + 9, 1);
  };
  EXPECT_EQ(strips(" --threads 1"), "1");
  EXPECT_EQ(strips(" --threads 2"), "2");
  EXPECT_EQ(strips(" --threads 5"), "5");
  EXPECT_EQ(strips(" --threads 2 --strips 1"), "1");
  EXPECT_EQ(strips(" --threads 1 --strips 2"), "2");
}

TEST_F(StripsOption, LayersAgreeInStrips) {
  for (const char* how : {" --threads 2", " --threads 1", " --interpret"}) {
    const std::string out = output_of(std::string("verify demo.onnx --target scalar --strips 2") + how);
    EXPECT_TRUE(out.ends_with("\nverified\n")) << out;
  }
}

// A library is the same for any number of threads.
TEST_F(StripsOption, OfALibrary) {
  output_of("run demo.onnx --input x.npy --output y.npy --strips 1");
  const std::string bytes = testing::read_file(folder_ / "y.npy");
  for (const char* form : {"libdemo.a", "libdemo.so"}) output_of("demo.onnx --strips 2 -o " + std::string(form));
  EXPECT_NE(testing::read_file(folder_ / "demo.h").find("--strips 2"), std::string::npos);
  for (const char* threads : {"1", "2", "3"}) {
    output_of("run ./libdemo.so --input x.npy --output y.npy --threads " + std::string(threads));
    EXPECT_EQ(testing::read_file(folder_ / "y.npy"), bytes) << threads;
  }
}

TEST_F(StripsOption, Nonsense) {
  expect_usage("demo.onnx -o liby.a --strips 0", "--strips");
  expect_usage("demo.onnx -o liby.a --strips -1", "--strips");
  expect_usage("demo.onnx -o liby.a --strips 257", "--strips");
  expect_usage("demo.onnx -o liby.a --strips two", "--strips");
}

}  // namespace
}  // namespace sparsec::cli
