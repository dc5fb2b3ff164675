// Messages for people: see logging.h.
#include "sparsec/logging.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace sparsec {
namespace {

struct LevelRow {
  const char* name;
  const char* color;  // ANSI: grey, none, yellow, red
};
constexpr std::array<LevelRow, 5> kLevels{
    {{"debug", "\x1b[90m"}, {"info", ""}, {"warning", "\x1b[33m"}, {"error", "\x1b[31m"}, {"off", ""}}};
constexpr const char* kPlain = "\x1b[0m";
constexpr const char* kClearLine = "\r\x1b[K";

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

constexpr auto kFirst = std::chrono::seconds(1), kSeldom = std::chrono::seconds(10);
constexpr auto kOften = std::chrono::milliseconds(100);

}  // namespace

const char* name_of(Level level) { return kLevels[size_t(level)].name; }

std::optional<Level> level_from(std::string_view name) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (name == kLevels[i].name) return Level(i);
  }
  return std::nullopt;
}

ConsoleSink::ConsoleSink(std::FILE* stream)
    : stream_(stream), terminal_(is_terminal(stream)), color_(terminal_ && !std::getenv("NO_COLOR")) {}

// Plain information carries no prefix: it is what the user asked to see.
void ConsoleSink::write(Level level, std::string_view message) {
  std::string line = terminal_ ? kClearLine : "";
  if (level != Level::info) {
    const LevelRow& row = kLevels[size_t(level)];
    line += color_ ? std::string(row.color) + row.name + kPlain + ": " : std::string(row.name) + ": ";
  }
  line += message;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stream_);  // one call, so that lines of several processes do not mix
  std::fflush(stream_);
}

void Logger::add(std::shared_ptr<Sink> sink) {
  const std::lock_guard lock(mutex_);
  sinks_.push_back(std::move(sink));
}

void Logger::log(Level level, std::string_view message) {
  if (!enabled(level)) return;
  const std::lock_guard lock(mutex_);
  for (const auto& sink : sinks_) sink->write(level, message);
}

Progress::Progress(std::string task, int64_t total, std::FILE* stream)
    : task_(std::move(task)),
      total_(total),
      stream_(stream),
      terminal_(is_terminal(stream)),
      next_(Clock::now() + kFirst) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (!shown_ || !terminal_) return;
  std::fputs(kClearLine, stream_);
  std::fflush(stream_);
  shown_ = false;
}

bool Progress::is_among_output() const {
  struct stat out{}, own{};
  return ::fstat(STDOUT_FILENO, &out) == 0 && ::fstat(::fileno(stream_), &own) == 0 && out.st_dev == own.st_dev &&
         out.st_ino == own.st_ino;
}

void Progress::update(int64_t done, std::string_view detail) {
  done_ = done;
  const auto now = Clock::now();
  if (now < next_) return;
  if (terminal_) {
    next_ = now + kOften;
  } else {
    next_ = now + kSeldom;
  }
  std::string line = task_;
  if (total_ > 0) line += ' ' + std::to_string(done) + '/' + std::to_string(total_);
  if (!detail.empty()) line.append(": ").append(detail);
  line = terminal_ ? kClearLine + line : line + '\n';
  std::fflush(stdout);  // or a buffer's end, in the middle of a row, would be where this line stands
  std::fputs(line.c_str(), stream_);
  std::fflush(stream_);
  shown_ = true;
}

}  // namespace sparsec
