// Files that were cut short, and what the system refuses: memory, room on a disk, large files. Each is the user's to
// mend, told in one line, and leaves nothing behind.
#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

const std::string kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";

class Limits : public Program {
 protected:
  // Under bash's `limits`, with temporary files in the test's folder, which must be empty afterwards.
  Outcome limited(const std::string& limits, const std::string& arguments) const {
    fs::create_directories(folder_ / "tmp");
    const Outcome o = run("bash -c '" + limits + "; TMPDIR=$PWD/tmp exec " SPARSEC_PROGRAM " " + arguments + "'");
    EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));
    return o;
  }
  static void expect_one_line(const Outcome& o, const std::string& part) {
    EXPECT_EQ(o.code, 1) << o.err;
    EXPECT_NE(o.err.find(part), std::string::npos) << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
  }
};

TEST_F(Limits, LibrariesThatAreCutShort) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  ASSERT_EQ(sparsec(kModel + " -o libq.so").code, 0);
  const std::string whole = testing::read_file(folder_ / "libq.so");
  ASSERT_EQ(sparsec("detect libq.so scene.png").code, 0);
  for (const size_t length : {size_t{10}, size_t{1000}, size_t{4096}, size_t{5000}, size_t{50000}, whole.size() / 2,
                              whole.size() - 64, whole.size() - 1}) {
    SCOPED_TRACE(length);
    folder_.write("cut.so", whole.substr(0, length));
    expect_refused("detect cut.so scene.png", "cut.so: the library is cut short: the file has");
  }
  write_npy(folder_ / "x.npy", {NpyType::f32, {1}, std::vector<std::byte>(4)});
  expect_refused("run cut.so --input x.npy --output y.npy", "cut.so: the library is cut short");
  expect_refused("benchmark cut.so", "cut.so: the library is cut short");
}

TEST_F(Limits, WhatIsCalledALibraryAndIsNone) {
  ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0);
  for (const std::string text : {"", "x", "GROUP ( libq.so.1 )\n"}) {
    folder_.write("text.so", text);
    for (const char* command : {"detect text.so scene.png", "verify text.so", "benchmark text.so", "analyze text.so"})
      expect_refused(command, "text.so: is neither an ONNX model nor a shared library that sparsec made");
  }
  ASSERT_EQ(run("cp " + kModel + " model.so").code, 0);
  EXPECT_EQ(sparsec("analyze model.so").code, 0);  // a name is no proof
}

// Just too little memory for the linker: how much that is depends on the machine, so the limit is searched for.
TEST_F(Limits, OutOfMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer takes terabytes of addresses";
#endif
  bool enough = false, told = false;
  for (int kib = 200000; kib < 1500000 && !enough; kib += 5000) {
    const Outcome o = limited("ulimit -v " + std::to_string(kib), kModel + " -o libq.a --jobs 1");
    enough = o.code == 0;
    told = told || (o.code == 1 && o.err == "sparsec: out of memory\n");
    EXPECT_NE(o.code, 70) << o.err;
  }
  EXPECT_TRUE(enough && told);
}

TEST_F(Limits, LargeFilesAreRefusedAndNothingIsLeft) {
  expect_one_line(limited("ulimit -f 100", kModel + " -o libq.a"), "File too large");
  expect_one_line(limited("ulimit -f 400", kModel + " -o libq.a"), "File too large");
  EXPECT_FALSE(fs::exists(folder_ / "libq.a"));
  expect_one_line(limited("ulimit -f 10", kModel + " -o deep/er/cpp --emit cpp"), "there is no folder");
  expect_one_line(limited("ulimit -f 10", kModel + " -o cpp --emit cpp"), "File too large");
  EXPECT_FALSE(fs::exists(folder_ / "cpp"));
}

}  // namespace
}  // namespace sparsec::cli
