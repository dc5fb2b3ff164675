// `sparsec cache` touches what sparsec made and nothing else that lies in its folder.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

class CacheCommand : public Program {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "cache/sparsec");
    write(key('a') + ".so", "library");
    write(key('a') + ".txt", "yolo.onnx  host\nno digest\n");
  }
  static std::string key(char digit) { return std::string(64, digit); }
  void write(const std::string& name, const std::string& text) const { folder_.write("cache/sparsec/" + name, text); }
  void make_older(const std::string& name, const std::string& age) const {
    ASSERT_EQ(run("touch -d '-" + age + "' cache/sparsec/" + name).code, 0);
  }
  bool exists(const std::string& name) const { return fs::exists(folder_ / "cache/sparsec" / name); }
  std::string summary(const std::string& text) const {
    return (folder_ / "cache/sparsec").string() + ": " + text + "\n";
  }
};

TEST_F(CacheCommand, FilesOfOthersAreNeitherListedNorRemoved) {
  const std::vector<std::string> foreign{
      "notes.txt",       "mylib.so",         key('b') + ".so.bak", key('G') + ".so",    "b.so",
      key('b') + "b.so", key('b') + ".onnx", "notes.so.1.tmp",     "notes.so.12.0.tmp", "notes.abcdef.tmp"};
  for (const std::string& name : foreign) {
    write(name, "mine");
    make_older(name, "2 days");
  }
  fs::create_directories(folder_ / "cache/sparsec" / (key('c') + ".so"));
  const Outcome list = sparsec("cache");
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_NE(list.out.find("yolo.onnx  host\n"), std::string::npos) << list.out;
  EXPECT_TRUE(list.out.ends_with(summary("1 library, 0.0 MB"))) << list.out;
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 2) << list.out;
  EXPECT_EQ(sparsec("cache --clean").out, summary("1 library, 0.0 MB removed"));
  EXPECT_FALSE(exists(key('a') + ".so"));
  EXPECT_FALSE(exists(key('a') + ".txt"));
  for (const std::string& name : foreign) EXPECT_TRUE(exists(name)) << name;
}

// Those of a command that runs are its own, as long as it may still be writing.
TEST_F(CacheCommand, WhatKilledCommandsLeftIsRemoved) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const auto temporary = [](char digit, const std::string& writer) { return key(digit) + ".so." + writer + ".tmp"; };
  const std::string here = std::to_string(getpid()) + ".0";
  const std::string of_killed = temporary('b', std::to_string(gone) + ".0"), of_running = temporary('c', here),
                    old = temporary('d', here), of_earlier = temporary('e', "aB3xyz"), fresh = temporary('f', "aB3xyz");
  for (const std::string& name : {of_killed, of_running, old, of_earlier, fresh}) write(name, "half a lib");
  make_older(old, "2 hours");
  make_older(of_earlier, "2 hours");
  EXPECT_TRUE(sparsec("cache").out.ends_with(summary("1 library, 0.0 MB")));
  EXPECT_EQ(sparsec("cache --clean --older-than 1").out, summary("0 libraries not used for 1 day, 0.0 MB removed"));
  for (const std::string& name : {of_killed, old, of_earlier}) EXPECT_FALSE(exists(name)) << name;
  for (const std::string& name : {of_running, fresh, key('a') + ".so"}) EXPECT_TRUE(exists(name)) << name;
}

TEST_F(CacheCommand, OlderThanChoosesInBothUses) {
  write(key('b') + ".so", "library");
  write(key('b') + ".txt", "old.onnx  host\nno digest\n");
  make_older(key('b') + ".so", "5 days");
  const Outcome list = sparsec("cache --older-than 3");
  EXPECT_NE(list.out.find("old.onnx  host\n"), std::string::npos) << list.out;
  EXPECT_EQ(list.out.find("yolo.onnx"), std::string::npos) << list.out;
  EXPECT_TRUE(list.out.ends_with(summary("1 library not used for 3 days, 0.0 MB"))) << list.out;
  EXPECT_EQ(sparsec("cache --clean --older-than 3").out, summary("1 library not used for 3 days, 0.0 MB removed"));
  EXPECT_TRUE(exists(key('a') + ".so"));
  EXPECT_FALSE(exists(key('b') + ".so"));
}

}  // namespace
}  // namespace sparsec::cli
