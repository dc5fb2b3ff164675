// What a command writes never costs the user a file: not the model, not a picture, not another output.
#include "tests/cli/program.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

class Outputs : public Program {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(MAKE_DEMO_MODEL " demo.onnx").code, 0);
    model_ = testing::read_file(folder_ / "demo.onnx");
  }
  std::string model_;
};

TEST_F(Outputs, TheModelIsNotReplaced) {
  expect_refused("analyze demo.onnx --report demo.onnx", "--report: demo.onnx would replace the input");
  expect_refused("demo.onnx --report ./demo.onnx", "would replace the input");
  expect_refused("demo.onnx -o demo.onnx --emit asm", "-o: demo.onnx would replace the input");
  expect_refused("benchmark demo.onnx -x demo.onnx", "would replace the input");
  ASSERT_EQ(run("cp demo.onnx libdemo.a").code, 0);
  expect_refused("libdemo.a -o libdemo.a", "would replace the input");
  EXPECT_EQ(testing::read_file(folder_ / "demo.onnx"), model_);
}

// x + w, where w is in a file of its own.
void write_with_weights(const std::string& path, const std::string& weights) {
  testing::OnnxWriter m(13);
  m.input("x", DType::f32, {int64_t{4}}).external_initialiser("w", DType::f32, {4}, {{"location", weights}});
  m.node("Add", {"x", "w"}, {"y"}).output("y").save(path);
}

TEST_F(Outputs, NorItsExternalWeights) {
  const std::string weights(16, 'w');
  folder_.write("w.a", weights);
  write_with_weights(folder_ / "m.onnx", "w.a");
  expect_refused("m.onnx -o w.a", "-o: w.a would replace the input");
  expect_refused("analyze m.onnx --report w.a", "--report: w.a would replace the input");
  expect_refused("m.onnx --tune --plan w.a", "--plan: w.a would replace the input");
  expect_refused("benchmark m.onnx -t 0.1 -w 0 -x w.a", "w.a would replace the input");
  EXPECT_EQ(testing::read_file(folder_ / "w.a"), weights);
  folder_.write("w.npy", weights);
  write_with_weights(folder_ / "n.onnx", "w.npy");
  expect_refused("run n.onnx --input x.npy --output w.npy", "--output: w.npy would replace the input");
  EXPECT_EQ(testing::read_file(folder_ / "w.npy"), weights);
}

// Make rebuilds when a file of the list is newer, whatever it is called.
TEST_F(Outputs, TheDepfileNamesWhatTheOutputWasMadeOf) {
  folder_.write("the weights #1 $.bin", std::string(16, 'w'));
  write_with_weights(folder_ / "a model.onnx", "the weights #1 $.bin");
  ASSERT_EQ(sparsec("'a model.onnx' --tune --plan 'a plan.json'").code, 0);
  folder_.write("Makefile", "include dep.d\nlibm.a cpp/Makefile: ; @echo made anew\n");
  const std::vector<std::string> files{"a model.onnx", "the weights #1 $.bin", "a plan.json"};
  for (const std::string output : {"libm.a", "cpp --emit cpp"}) {
    const Outcome o = sparsec("'a model.onnx' -o " + output + " --name m --plan 'a plan.json' --depfile dep.d");
    ASSERT_EQ(o.code, 0) << o.err;
    const std::string target = output == "libm.a" ? output : "cpp/Makefile";
    EXPECT_EQ(run("make -q " + target).code, 0);
    for (const std::string& file : files) {
      ASSERT_EQ(run("touch -d '+1 hour' '" + file + "'").code, 0);
      EXPECT_EQ(run("make " + target).out, "made anew\n") << file;
      ASSERT_EQ(run("touch -d '-1 hour' '" + file + "'").code, 0);
    }
    EXPECT_EQ(run("make -q " + target).code, 0);
  }
  folder_.write("it's:1.bin", std::string(16, 'w'));
  write_with_weights(folder_ / "odd.onnx", "it's:1.bin");
  const Outcome odd = sparsec("odd.onnx -o libm.a --depfile dep.d");
  EXPECT_EQ(odd.code, 0);
  EXPECT_EQ(odd.err,
            "sparsec: warning: --depfile: it's:1.bin is left out: build tools do not take its name; call it "
            "otherwise\n");
  EXPECT_EQ(run("make -q libm.a").code, 0);
  expect_usage("'a model.onnx' --dump-plan --depfile dep.d", "--depfile tells what -o was made of; name an output");
  expect_refused("'a model.onnx' -o libm.a --depfile libm.a", "--depfile: libm.a is what -o writes");
  expect_refused("'a model.onnx' -o cpp --emit cpp --name m --depfile cpp/m.h", "is in the folder that -o writes");
  expect_usage("'a model.onnx' -o 'lib:m.a' --name m --depfile dep.d",
               "--depfile: lib:m.a is a name that build tools do not take");
}

TEST_F(Outputs, NorAPictureOrAnotherOutput) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  const std::string picture = testing::read_file(folder_ / "scene.png");
  expect_refused("detect demo.onnx scene.png --save-dir .", "is one of the pictures and would be replaced");
  EXPECT_EQ(testing::read_file(folder_ / "scene.png"), picture);
  expect_refused("demo.onnx -o liby.a --report y.h", "--report: y.h is what -o writes");
  expect_refused("demo.onnx -o ./liby.a --report y.h", "--report: y.h is what -o writes");
}

TEST_F(Outputs, AFolderOfSourcesIsNotWrittenOverAnother) {
  ASSERT_EQ(run("mkdir mine").code, 0);
  folder_.write("mine/Makefile", "all:\n");
  expect_refused("demo.onnx -o mine --emit cpp", "holds a Makefile that sparsec did not write");
  EXPECT_EQ(testing::read_file(folder_ / "mine/Makefile"), "all:\n");
  ASSERT_EQ(sparsec("demo.onnx -o ours --emit cpp").code, 0);
  EXPECT_EQ(sparsec("demo.onnx -o ours --emit cpp").code, 0);  // over its own it may
  EXPECT_TRUE(fs::exists(folder_ / "ours/ours.h"));
}

TEST_F(Outputs, LinksAreFollowed) {
  ASSERT_EQ(run("touch real.a r.html && ln -s real.a link.a && ln -s r.html link.html").code, 0);
  ASSERT_EQ(sparsec("demo.onnx -o link.a --report link.html").code, 0);
  for (const char* link : {"link.a", "link.html"}) EXPECT_TRUE(fs::is_symlink(folder_ / link)) << link;
  for (const char* real : {"real.a", "r.html"}) EXPECT_GT(fs::file_size(folder_ / real), 1000U) << real;
  ASSERT_EQ(run("ln -s /proc/self/fd/1 out").code, 0);
  const Outcome o = sparsec("analyze demo.onnx --report out");
  const size_t table = o.out.find("total of"), page = o.out.find("<html");
  EXPECT_LT(table, page);  // one behind the other in the file that standard output is
  EXPECT_NE(page, std::string::npos);
  EXPECT_TRUE(o.out.ends_with("</html>\n") || o.out.ends_with("</html>"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "out"));
  ASSERT_EQ(run("ln -s later.html dangling.html").code, 0);
  EXPECT_EQ(sparsec("analyze demo.onnx --report dangling.html").code, 0);
  EXPECT_TRUE(fs::is_symlink(folder_ / "dangling.html"));
  EXPECT_TRUE(fs::is_regular_file(folder_ / "later.html"));
}

TEST_F(Outputs, WhereTheSystemRefusesTheUserIsTold) {
  const Outcome full = run("bash -c '" SPARSEC_PROGRAM " analyze demo.onnx > /dev/full'");
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(full.err, "sparsec: cannot write to standard output: No space left on device\n");
  for (const std::string folder : {"/nowhere", "/proc"})  // where there is none, and where even root makes none
    for (const std::string output : {"liby.a", "liby.so"}) {
      const Outcome o = run("env TMPDIR=" + folder + " " SPARSEC_PROGRAM " demo.onnx -o " + output);
      EXPECT_EQ(o.code, 1);
      EXPECT_TRUE(o.err.starts_with("sparsec: " + folder + ": cannot hold temporary files: ")) << o.err;
      EXPECT_TRUE(o.err.ends_with("; let TMPDIR name another folder\n")) << o.err;
      EXPECT_FALSE(fs::exists(folder_ / output));
    }
}

// Two such libraries would be of one name.
TEST_F(Outputs, ALibraryWithoutANameIsRefused) {
  expect_usage("demo.onnx -o lib\xe6\x97\xa5\xe6\x9c\xac.a", "give --name");
  expect_usage("demo.onnx -o liby.a --name __x", "--name: '__x' is reserved");
  expect_usage("demo.onnx -o liby.a --name time", "'time' is a name of the C library");
  ASSERT_EQ(sparsec("demo.onnx -o lib\xe6\x97\xa5\xe6\x9c\xac.a --name yolo").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "yolo.h"));
  ASSERT_EQ(sparsec("demo.onnx -o libsignal.a").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "model_signal.h"));
  ASSERT_EQ(run("cp demo.onnx \xe6\x97\xa5.onnx && " DRAW_SCENE " scene.png").code, 0);
  EXPECT_EQ(sparsec("detect \xe6\x97\xa5.onnx scene.png").code, 0);
}

TEST_F(Outputs, WordsThatAreNoCommand) {
  for (const char* line : {"detct", "detct demo.onnx scene.png"}) {
    const Outcome o = sparsec(line);
    EXPECT_EQ(o.code, 2);
    EXPECT_NE(o.err.find("there is no command and no model 'detct'; commands: detect, run"), std::string::npos)
        << o.err;
  }
  EXPECT_EQ(sparsec(std::string(300, 'x')).code, 2);  // no name that a file can have
  EXPECT_NE(sparsec("detect --nonsense").err.find("see sparsec detect --help"), std::string::npos);
  EXPECT_EQ(sparsec("--target=avx2,scalar demo.onnx -o liby.a").code, 0);
  expect_usage("demo.onnx -o libz.a --name a/b", "--name: 'a/b'");
  expect_usage("verify demo.onnx --isa bogus", "--isa: 'bogus' is unknown");
  folder_.write("names.txt", "a\n");
  expect_refused("demo.onnx -o libz.a --class-names names.txt", "names.txt: has 1 names, and the model tells");
}

}  // namespace
}  // namespace sparsec::cli
