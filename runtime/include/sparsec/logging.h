// Messages for people: levels, sinks, and a progress line for long jobs.
//
// A Logger hands each message at or above its level to its sinks, one at a time (any thread may log). Nothing here is
// global.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparsec {

enum class Level : uint8_t { debug, info, warning, error, off };
const char* name_of(Level level);
std::optional<Level> level_from(std::string_view name);

// Where messages go. `write` is never called by two threads at once for the same Logger.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(Level level, std::string_view message) = 0;
};

// Lines on a stream, standard error unless told otherwise: "warning: ...", with colour where the stream is a terminal
// (and NO_COLOR is not set). There a line takes the place of what Progress shows.
class ConsoleSink : public Sink {
 public:
  explicit ConsoleSink(std::FILE* stream = stderr);
  void write(Level level, std::string_view message) override;

 private:
  std::FILE* stream_;
  bool terminal_, color_;
};

class Logger {
 public:
  explicit Logger(Level level = Level::info) : level_(level) {}
  void add(std::shared_ptr<Sink> sink);
  void set_level(Level level) { level_ = level; }  // before other threads log
  bool enabled(Level level) const { return level >= level_ && level_ != Level::off; }

  void log(Level level, std::string_view message);
  void debug(std::string_view message) { log(Level::debug, message); }
  void info(std::string_view message) { log(Level::info, message); }
  void warning(std::string_view message) { log(Level::warning, message); }
  void error(std::string_view message) { log(Level::error, message); }

 private:
  std::mutex mutex_;
  Level level_;
  std::vector<std::shared_ptr<Sink>> sinks_;
};

// One line on standard error that tells how far a job is; nothing is shown for jobs that end within a second. On a
// terminal the line is rewritten in place and removed at the end; elsewhere a plain line comes every ten seconds. For
// use by one thread.
class Progress {
 public:
  explicit Progress(std::string task, int64_t total = 0, std::FILE* stream = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(int64_t done, std::string_view detail = {});
  void step(std::string_view detail) { update(done_ + 1, detail); }
  // Takes the line off a terminal: before anything else is written there.
  void clear();
  // Whether standard output goes to the same terminal, pipe or file, where lines of progress would stand among its own.
  bool is_among_output() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::string task_;
  int64_t total_, done_ = 0;
  std::FILE* stream_;
  bool terminal_, shown_ = false;
  Clock::time_point next_;
};

}  // namespace sparsec
