// Tells that a job is still running when it takes more than a second and cannot say how far it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "sparsec/logging.h"

namespace sparsec::cli {

class Heartbeat {
 public:
  explicit Heartbeat(std::string task) : thread_([this, task = std::move(task)] { beat(task); }) {}
  ~Heartbeat() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void beat(const std::string& task) {
    using std::chrono::milliseconds, std::chrono::seconds, std::chrono::steady_clock;
    Progress progress(task);
    const auto start = steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, milliseconds(200), [this] { return done_; })) {
      const auto elapsed = std::chrono::duration_cast<seconds>(steady_clock::now() - start).count();
      progress.update(elapsed, std::to_string(elapsed) + " s");
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sparsec::cli
