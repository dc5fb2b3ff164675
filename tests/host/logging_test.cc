// Levels, sinks and the progress line.
#include "sparsec/logging.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sparsec
