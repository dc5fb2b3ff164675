// Levels, sinks and the progress line.
#include "sparsec/logging.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "sparsec/files.h"
#include "temporary_folder.h"

namespace sparsec {
namespace {

class Memory : public Sink {
 public:
  void write(Level level, std::string_view message) override {
    lines.push_back(std::string(name_of(level)) + "|" + std::string(message));
  }
  std::vector<std::string> lines;
};

TEST(Logger, LevelsFilter) {
  const auto memory = std::make_shared<Memory>();
  Logger logger(Level::warning);
  logger.add(memory);
  logger.debug("a");
  logger.info("b");
  logger.warning("c");
  logger.error("d");
  EXPECT_EQ(memory->lines, (std::vector<std::string>{"warning|c", "error|d"}));
  logger.set_level(Level::off);
  logger.error("e");
  EXPECT_EQ(memory->lines.size(), 2U);
}

TEST(Logger, LevelsByName) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error, Level::off})
    EXPECT_EQ(level_from(name_of(level)), level);
  EXPECT_EQ(level_from("loud"), std::nullopt);
}

TEST(Logger, ThreadsDoNotMix) {
  const auto memory = std::make_shared<Memory>();
  Logger logger;
  logger.add(memory);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) logger.info("line");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(memory->lines.size(), 400U);
}

TEST(ConsoleSink, NoColourInFiles) {
  const testing::TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "log").c_str(), "w");
  ASSERT_NE(file, nullptr);
  ConsoleSink sink(file);
  sink.write(Level::info, "plain");
  sink.write(Level::error, "bad");
  std::fclose(file);
  const auto bytes = read_file(folder / "log");
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "plain\nerror: bad\n");
}

TEST(Progress, SaysNothingAboutShortJobs) {
  const testing::TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "log").c_str(), "w");
  ASSERT_NE(file, nullptr);
  {
    Progress progress("compiling", 10, file);
    for (int i = 0; i < 10; ++i) progress.step("layer");
  }
  std::fclose(file);
  EXPECT_TRUE(read_file(folder / "log").empty());
}

// Where standard output and the progress go to one file, whole rows stand before the line and none is cut by it.
TEST(Progress, ComesBehindWhatWasPrinted) {
  const testing::TemporaryFolder folder;
  const std::string path = folder / "both";
  std::FILE* file = std::fopen(path.c_str(), "a");
  ASSERT_NE(file, nullptr);
  std::fflush(stdout);
  const int saved = dup(STDOUT_FILENO);
  dup2(fileno(file), STDOUT_FILENO);
  bool among = false;
  {
    Progress progress("compiling", 2, file);
    among = progress.is_among_output();
    std::fputs("row of a table\n", stdout);  // buffered, as tests write to a pipe
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    progress.step("layer");
  }
  std::fflush(stdout);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  EXPECT_TRUE(among);
  EXPECT_FALSE(Progress("compiling", 2, file).is_among_output());
  std::fclose(file);
  const auto bytes = read_file(path);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "row of a table\ncompiling 1/2: layer\n");
}

// On a terminal the line goes before rows come, and once.
TEST(Progress, IsTakenOffATerminal) {
  const int keeper = posix_openpt(O_RDWR | O_NOCTTY);
  if (keeper < 0) GTEST_SKIP() << "no pseudo-terminals here";  // as in a chroot without /dev/pts
  ASSERT_EQ(grantpt(keeper), 0);
  ASSERT_EQ(unlockpt(keeper), 0);
  std::FILE* terminal = std::fopen(ptsname(keeper), "w");
  ASSERT_NE(terminal, nullptr);
  {
    Progress progress("compiling", 2, terminal);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    progress.step("layer");
    ConsoleSink(terminal).write(Level::info, "told");  // in the line's place
    progress.clear();
    std::fputs("row", terminal);
    std::fflush(terminal);
  }
  char text[200];
  const ssize_t size = read(keeper, text, sizeof text);
  std::fclose(terminal);
  close(keeper);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, size_t(size)), "\r\x1b[Kcompiling 1/2: layer\r\x1b[Ktold\r\n\r\x1b[Krow");
}

}  // namespace
}  // namespace sparsec
