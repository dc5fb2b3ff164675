// The sleeper announces itself in sleepers_ and then looks at the word again; the waker changes the word and then looks
// at sleepers_. Both with sequential consistency, so one of them sees the other. (The futex itself compares the word
// once more, so no wake is lost after the look.)
#include "runtime/core/wait.h"

#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#endif

namespace sparsec::rt {

int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

namespace {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

}  // namespace

void WaitWord::wait_while(uint32_t old) {
  for (int i = 0; i < 64; ++i) {
    if (load() != old) return;
    relax();
  }
  const int64_t start = spin_ns_ > 0 ? now_ns() : 0;
  while (spin_ns_ > 0 && now_ns() - start < spin_ns_) {
    for (int i = 0; i < 32; ++i) {
      if (load() != old) return;
      relax();
    }
  }
  sleep_while(old);
}

#if defined(__linux__)

bool WaitWord::init(int64_t spin_ns) {
  spin_ns_ = spin_ns;
  return true;
}
void WaitWord::close() {}

void WaitWord::sleep_while(uint32_t old) {
  static_assert(sizeof(word_) == 4);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  while (word_.load(std::memory_order_seq_cst) == old) {
    syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
  }
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

void WaitWord::publish(uint32_t value) {
  word_.store(value, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0) {
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }
}

#else

bool WaitWord::init(int64_t spin_ns) {
  spin_ns_ = spin_ns;
  if (pthread_mutex_init(&mutex_, nullptr) != 0) return false;
  if (pthread_cond_init(&changed_, nullptr) == 0) return true;
  pthread_mutex_destroy(&mutex_);
  return false;
}
void WaitWord::close() {
  pthread_cond_destroy(&changed_);
  pthread_mutex_destroy(&mutex_);
}

void WaitWord::sleep_while(uint32_t old) {
  pthread_mutex_lock(&mutex_);
  while (load() == old) pthread_cond_wait(&changed_, &mutex_);
  pthread_mutex_unlock(&mutex_);
}

void WaitWord::publish(uint32_t value) {
  pthread_mutex_lock(&mutex_);
  word_.store(value, std::memory_order_release);
  pthread_cond_broadcast(&changed_);
  pthread_mutex_unlock(&mutex_);
}

#endif

}  // namespace sparsec::rt
