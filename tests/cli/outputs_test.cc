// What a command writes never costs the user a file: not the model, not a picture, not another output.
#include "tests/cli/program.h"

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
  EXPECT_NE(full.err.find("No space left"), std::string::npos) << full.err;
  const Outcome temporary = run("env TMPDIR=/nowhere " SPARSEC_PROGRAM " demo.onnx -o liby.a");
  EXPECT_EQ(temporary.code, 1);
  EXPECT_NE(temporary.err.find("/nowhere: cannot hold temporary files"), std::string::npos) << temporary.err;
}

// Two such libraries would be of one name.
TEST_F(Outputs, ALibraryWithoutANameIsRefused) {
  expect_refused("demo.onnx -o lib\xe6\x97\xa5\xe6\x9c\xac.a", "give --name");
  expect_refused("demo.onnx -o liby.a --name __x", "--name: '__x' is reserved");
  expect_refused("demo.onnx -o liby.a --name time", "'time' is a name of the C library");
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
  expect_refused("demo.onnx -o libz.a --name a/b", "--name: 'a/b'");
  expect_refused("verify demo.onnx --isa bogus", "--isa: 'bogus' is unknown");
  folder_.write("names.txt", "a\n");
  expect_refused("demo.onnx -o libz.a --class-names names.txt", "names.txt: has 1 names, and the model tells");
}

}  // namespace
}  // namespace sparsec::cli
