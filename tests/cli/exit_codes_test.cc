// Exit codes by the option: 2 where the command line is wrong whatever its files hold, told before any of them is
// read; 1 for everything else. No file that these lines name is there, so a good value gets as far as to miss it.
#include "runtime/core/cpu_count.h"
#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

constexpr const char* kModel = "missing.onnx";
const std::string kTiny = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";

struct Case {
  const char* option;
  std::vector<std::string> bad, good;
};

class ExitCodes : public Program {
 protected:
  void check(const std::string& line, const std::vector<Case>& cases) const {
    for (const Case& c : cases) {
      for (const std::string& value : c.bad) expect_usage(line + " " + c.option + " " + value, "; see sparsec ");
      for (const std::string& value : c.good) {
        const std::string whole = line + " " + c.option + " " + value;
        expect_refused(whole, kModel);
      }
    }
  }
};

const std::vector<Case> kOfModels{
    {"--target", {"foo", "avx2,foo"}, {"host", "all", "avx2,scalar"}},
    {"-b", {"0", "x", "1.5"}, {"2"}},
    {"--batch", {"0", "x", "2000"}, {"2"}},
    {"--input-shape", {"0", "x", "1,2,3"}, {"64", "64 96"}},
    {"--anchors", {"1", "a,b", "0,1", "1,2,3", "1e9,2"}, {"1,2", "1,2 3,4"}},
    {"--columns", {"on"}, {"off"}},
    {"--l2", {"1", "x"}, {"512"}},
    {"--strips", {"0", "x"}, {"2"}},
};
const std::vector<Case> kOfRuns{{"--isa", {"foo", "host"}, {"scalar"}}, {"--threads", {"0", "x", "1.5"}, {"2"}}};

TEST_F(ExitCodes, OfCompiling) {
  const std::string line = kModel + std::string(" -o liba.a");
  check(line, kOfModels);
  check(line, {{"--emit", {"c"}, {}},
               {"--target", {"avx2,neon_dotprod"}, {}},
               {"--name", {"1x", "a/b", "class", "time", "_x"}, {"yolo"}},
               {"--namespace", {"1x", "a::int", "time"}, {"shop::yolo"}},
               {"--jobs", {"0", "x"}, {"2"}},
               {"--depfile", {}, {"d.d"}}});
  check(kModel, {{"-o", {"liba.txt", "12\xe6\x97\xa5/\xe6\x97\xa5.a"}, {"liba.a", "liba.so"}},
                 {"--emit", {"obj", "asm", "cpp"}, {}},
                 {"--depfile", {"d.d"}, {}},
                 {"-o 'lib:m.a' --name m --depfile", {"d.d"}, {}},
                 {"--tune --dump-ir", {"all"}, {}}});
  expect_usage(kTiny + " --dump-ir nonsense", "there is no pass 'nonsense'");
}

TEST_F(ExitCodes, OfCommands) {
  const std::string model = kModel;
  for (const std::string& line : {"run " + model + " --input x.npy --output y.npy", "verify " + model,
                                  "analyze " + model, "benchmark " + model}) {
    check(line, kOfModels);
    if (line.starts_with("analyze")) {
      check(line, {{"--isa", {"foo"}, {"scalar"}}, {"--threads", {"2"}, {}}, {"--measure --threads", {"0"}, {"2"}}});
    } else {
      check(line, kOfRuns);
    }
  }
  check("run " + model, {{"--input x.npy --output", {"y.txt", "y"}, {"y.npy", "y.npz"}},
                         {"--output y.npy --input", {"x.txt", "x"}, {"x.npy", "x.npz"}}});
  check("benchmark " + model, {{"-t", {"x", "-1", "nan"}, {"1"}},
                               {"-w", {"x", "-1"}, {"1"}},
                               {"--iterations", {"0", "1.5"}, {"2"}},
                               {"-s", {"elastic"}, {"sync"}},
                               {"--streams", {"0", "x"}, {"1"}},
                               {"-s sync --threads 2 --streams", {"2"}, {"1"}},
                               {"--threads 2 --streams", {"3"}, {"2"}},
                               {"--layers --threads 2 --streams", {"2"}, {}},
                               {"--layers --images", {"a.png"}, {}},
                               {"--isa scalar --target", {"avx2"}, {"avx2,scalar"}}});
}

TEST_F(ExitCodes, OfDetecting) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  const std::string line = "detect " + std::string(kModel) + " scene.png";
  check(line, kOfModels);
  check(line, kOfRuns);
  check(line, {{"--conf", {"x", "2", "nan"}, {"0.5"}},
               {"--iou", {"x", "2"}, {"0.5"}},
               {"--max-det", {"0", "x", "1.5"}, {"5"}}});
}

TEST_F(ExitCodes, OfTheCache) {
  for (const char* days : {"x", "-1"}) expect_usage("cache --older-than " + std::string(days), "--older-than");
  EXPECT_EQ(sparsec("cache --older-than 1").code, 0);
}

// What only a file, or the machine, can tell is no matter of the command line.
TEST_F(ExitCodes, OfWhatFilesTell) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  for (const char* more : {"--input-shape 32", "--anchors 1,2", "--class-names missing.txt", "--plan missing.json",
                           "--dump-kernels nonsense", "--report no/r.html", "--depfile no/d.d"})
    expect_refused(kTiny + " -o liba.a " + more, "");
  expect_refused("detect " + kTiny + " scene.png --save-dir .", "scene.png is one of the pictures");
  expect_refused("benchmark " + kTiny + " -x no/x.json", "no/x.json");
  ASSERT_EQ(sparsec(kTiny + " -o libq.so --target scalar").code, 0);
  expect_refused("benchmark libq.so -b 2", "libq.so is compiled already");
  if (rt::usable_cores() < 256) expect_refused("benchmark " + kTiny + " --streams 256", "a thread each");
}

}  // namespace
}  // namespace sparsec::cli
