// The program as a black box: runs it in a folder of the test's own, with its cache there too.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "sparsec/npy.h"
#include "tests/support/arrays.h"
#include "tests/support/shell.h"

namespace sparsec::cli {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  std::string out, err;
};

class Program : public ::testing::Test {
 protected:
  // Runs in the test's folder; the cache is in it too.
  Outcome run(const std::string& command) const {
    const std::string line = "cd '" + folder_.path().string() + "' && XDG_CACHE_HOME='" + folder_.path().string() +
                             "/cache' " + command + " >.out 2>.err </dev/null";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, testing::read_file(folder_ / ".out"),
            testing::read_file(folder_ / ".err")};
  }
  Outcome sparsec(const std::string& arguments) const { return run(SPARSEC_PROGRAM " " + arguments); }

  // Fails with the user's exit code and one line that says `part`; leaves nothing beside what was there.
  void expect_refused(const std::string& arguments, const std::string& part) const {
    const auto before = files();
    const Outcome o = sparsec(arguments);
    EXPECT_EQ(o.code, 1) << arguments << "\n" << o.err;
    EXPECT_NE(o.err.find(part), std::string::npos) << arguments << "\n" << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_TRUE(o.err.starts_with("sparsec: ")) << o.err;
    EXPECT_EQ(files(), before) << arguments;
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
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.path().filename() != ".out" && entry.path().filename() != ".err")
        names.push_back(entry.path().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  testing::Folder folder_;
};

using testing::as_float;

}  // namespace sparsec::cli
