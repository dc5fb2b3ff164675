// Waiting for a 32-bit word to change: spin for some tens of microseconds, because the next layer is usually that near,
// then sleep.
//
// Sleeping is a futex on Linux; elsewhere a mutex and a condition variable.
#pragma once

#include <atomic>
#include <cstdint>

#if !defined(__linux__)
#include <pthread.h>
#endif

namespace sparsec::rt {

int64_t now_ns();  // by the monotonic clock

class WaitWord {
 public:
  // spin_ns: how long to spin before sleeping. False when the system has no room for the lock.
  bool init(int64_t spin_ns);
  void close();

  uint32_t load() const { return word_.load(std::memory_order_acquire); }

  // Returns when the word is no longer `old`; everything written before the publish() that changed it is visible.
  void wait_while(uint32_t old);

  // Changes the word and wakes all who sleep on it.
  void publish(uint32_t value);

 private:
  void sleep_while(uint32_t old);

  int64_t spin_ns_ = 0;
  std::atomic<uint32_t> word_{0};
  std::atomic<uint32_t> sleepers_{0};
#if !defined(__linux__)
  pthread_mutex_t mutex_;
  pthread_cond_t changed_;
#endif
};

}  // namespace sparsec::rt
