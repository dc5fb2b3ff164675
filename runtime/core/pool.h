// A team of threads that run one job together, each with its own number, and meet at barriers.
//
// The thread that calls run() is number 0; the others are started once and wait between jobs. Nothing is allocated
// after start() (the operating system gives each thread its stack there).
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "runtime/core/wait.h"

namespace sparsec::rt {

inline constexpr int kMaxThreads = 256;

// `count` threads meet: the last to arrive opens the next phase.
class Barrier {
 public:
  bool init(int count, int64_t spin_ns);
  void close() { phase_.close(); }
  void wait();
  void arrive() { missing_.fetch_sub(1, std::memory_order_acq_rel); }  // for one who will not come; not the last

 private:
  int count_ = 1;
  alignas(64) std::atomic<int> missing_{1};
  alignas(64) WaitWord phase_;
};

class Pool {
 public:
  using Job = void (*)(void* argument, int thread);

  // Starts threads - 1 threads; where `cpus` is given, thread i is pinned to cpus[i] (the caller's, number 0, only
  // while it holds a PinnedHere(first_cpu())). False when the system refuses; then nothing is left running.
  bool start(int threads, const int* cpus = nullptr);
  // Ends and joins the threads.
  void stop();

  int threads() const { return threads_; }
  int first_cpu() const { return first_cpu_; }  // that thread number 0 belongs on; -1: on any

  // Every thread runs job(argument, its number); returns when all are done. One caller at a time.
  void run(Job job, void* argument);

  // For use inside a job: all threads meet.
  void barrier() {
    if (threads_ > 1) barrier_.wait();
  }

 private:
  struct Worker {
    Pool* pool;
    int number;
    pthread_t handle;
  };
  static void* main(void* worker);
  void end(int started);

  int threads_ = 1;
  int first_cpu_ = -1;
  Job job_ = nullptr;  // null: end
  void* argument_ = nullptr;
  Barrier barrier_;
  Worker workers_[kMaxThreads];
};

// [begin, end) of `total` things for one of `threads`: contiguous, in order, sizes differ by at most one.
struct Share {
  int64_t begin, end;
};
inline Share share_of(int64_t total, int thread, int threads) {
  const int64_t each = total / threads, more = total % threads;
  const int64_t begin = each * thread + (thread < more ? thread : more);
  return {begin, begin + each + (thread < more ? 1 : 0)};
}

}  // namespace sparsec::rt
