// Ctrl-C and its like, in the very moment in which a temporary appears: the process ends by the signal, and what is
// there then was there before or is whole.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>

#include "tests/cli/program.h"

namespace sparsec::cli {
namespace {

const std::string kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";

struct Moment {
  std::vector<std::string> arguments;
  std::string folder, name;  // a new file or folder there whose name begins so
};

class Interrupt : public Program {
 protected:
  void SetUp() override { ASSERT_EQ(run(DRAW_SCENE " scene.png").code, 0); }

  void empty_folders() const {
    for (const char* folder : {"tmp", "out", "cache"}) fs::remove_all(folder_ / folder);
    for (const char* folder : {"tmp", "out", "cache/sparsec"}) fs::create_directories(folder_ / folder);
  }

  // The new process; it takes signals as from a terminal, but for one that it is to ignore.
  pid_t start(const std::vector<std::string>& arguments, int ignored) const {
    std::vector<std::string> words{SPARSEC_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string folder = folder_.path().string(), tmp = folder + "/tmp", cache = folder + "/cache";
    const pid_t child = fork();
    if (child != 0) return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, signal == ignored ? SIG_IGN : SIG_DFL);
    setenv("TMPDIR", tmp.c_str(), 1);
    setenv("XDG_CACHE_HOME", cache.c_str(), 1);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int stream : {0, 1, 2}) dup2(nowhere, stream);
    if (chdir(folder.c_str()) == 0) execv(argv[0], argv.data());
    _exit(127);
  }

  // Runs a command, with a signal in that moment; the status as of waitpid.
  int run_into(const Moment& moment, int signal, int ignored = 0) const {
    empty_folders();
    const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    EXPECT_GE(inotify_add_watch(watch, (folder_ / moment.folder).c_str(), IN_CREATE), 0);
    const pid_t child = start(moment.arguments, ignored);
    int status = 0;
    for (bool sent = false; waitpid(child, &status, WNOHANG) == 0;) {
      pollfd ready{watch, POLLIN, 0};
      poll(&ready, 1, 10);
      alignas(inotify_event) std::array<char, 4096> events{};
      const ssize_t size = read(watch, events.data(), events.size());
      for (ssize_t at = 0; at < size && !sent;) {
        const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
        sent = std::string(event->name).starts_with(moment.name);
        if (sent) kill(child, signal);
        at += ssize_t(sizeof(inotify_event)) + event->len;
      }
    }
    close(watch);
    return status;
  }

  // Path to content, of the folders that commands write in.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> out;
    for (const char* folder : {"tmp", "out", "cache/sparsec"})
      for (const auto& entry : fs::recursive_directory_iterator(folder_ / folder))
        out[entry.path().string()] = entry.is_directory() ? "a folder" : testing::read_file(entry.path());
    return out;
  }
};

const std::vector<Moment> kMoments{
    {{kModel, "-o", "out/k.so"}, "tmp", "sparsec-link-"},
    {{kModel, "-o", "out/k.a"}, "tmp", "sparsec-link-"},
    {{kModel, "-o", "out/k.so"}, "out", "k.so."},
    {{kModel, "-o", "out/k.so"}, "out", "k.h."},
    {{kModel, "-o", "out/k", "--emit", "cpp"}, "out", "k"},
    {{kModel, "-o", "out/k.s", "--emit", "asm"}, "out", "k.s."},
    {{"detect", kModel, "scene.png"}, "tmp", "sparsec-link-"},
    {{"detect", kModel, "scene.png"}, "cache/sparsec", ""},
};

// All of what the command writes is there, or nothing.
TEST_F(Interrupt, NothingIsLeft) {
  size_t next = 0;
  for (const Moment& moment : kMoments) {
    SCOPED_TRACE(moment.arguments.back() + " in " + moment.folder);
    empty_folders();
    const pid_t child = start(moment.arguments, 0);
    int status = -1;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
    const auto whole = contents();
    ASSERT_FALSE(whole.empty());
    const int signal = std::array{SIGINT, SIGTERM, SIGHUP}[next++ % 3];
    int hits = 0;
    for (int tries = 0; tries < 50 && hits < 3; ++tries) {
      status = run_into(moment, signal);
      if (WIFEXITED(status)) {  // it was at its end already
        EXPECT_EQ(WEXITSTATUS(status), 0);
        continue;
      }
      ++hits;
      EXPECT_EQ(WTERMSIG(status), signal);
      const auto left = contents();
      if (left.empty()) continue;
      EXPECT_EQ(left.size(), whole.size());
      for (const auto& [path, content] : left) {
        const auto same = whole.find(path);
        EXPECT_TRUE(same != whole.end() && same->second == content) << path;
      }
    }
    EXPECT_GT(hits, 0);
  }
}

// Under nohup a lost terminal is no reason to end.
TEST_F(Interrupt, WhatTheCallerIgnoresIsIgnored) {
  for (const Moment& moment : kMoments) {
    SCOPED_TRACE(moment.arguments.back() + " in " + moment.folder);
    EXPECT_EQ(run_into(moment, SIGHUP, SIGHUP), 0);
    EXPECT_FALSE(contents().empty());
    EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));
  }
}

}  // namespace
}  // namespace sparsec::cli
