// Start and end of a job are two meetings at the one barrier: workers wait at it for the next job, and again when
// theirs is done.
#include "runtime/core/pool.h"

#include <limits.h>
#include <unistd.h>

#include "runtime/core/cpu_count.h"

namespace sparsec::rt {
namespace {
constexpr int64_t kSpinNanoseconds = 40'000;

bool pin(pthread_t thread, int cpu) {
  CpuSet one;
  one.add(cpu);
  return one.set_affinity(thread);
}

}  // namespace

bool Barrier::init(int count, int64_t spin_ns) {
  count_ = count;
  missing_.store(count, std::memory_order_relaxed);
  return phase_.init(spin_ns);
}

void Barrier::wait() {
  const uint32_t phase = phase_.load();
  if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    missing_.store(count_, std::memory_order_relaxed);  // nobody looks at it before the phase changes
    phase_.publish(phase + 1);
  } else {
    phase_.wait_while(phase);
  }
}

void* Pool::main(void* argument) {
  const Worker& worker = *static_cast<Worker*>(argument);
  Pool& pool = *worker.pool;
  for (;;) {
    pool.barrier_.wait();
    if (pool.job_ == nullptr) return nullptr;
    pool.job_(pool.argument_, worker.number);
    pool.barrier_.wait();
  }
}

bool Pool::start(int threads, const int* cpus) {
  threads_ = threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
  first_cpu_ = cpus != nullptr ? cpus[0] : -1;
  if (threads_ == 1) return true;
  // Spinning pays only where nobody waits for the core that we spin on.
  if (!barrier_.init(threads_, threads_ <= usable_cores() ? kSpinNanoseconds : 0)) return false;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) {
    barrier_.close();
    return false;
  }
  // Kernels need little stack, but not less than the system's least; sanitizers want more.
  const long least = sysconf(_SC_THREAD_STACK_MIN);
  const size_t stack = (least > 0 ? size_t(least) : 0) + 512 * 1024;
  pthread_attr_setstacksize(&attributes, (stack + 0xffff) & ~size_t{0xffff});
  int started = 1;
  bool refused = false;
  for (; started < threads_ && !refused; ++started) {
    Worker& worker = workers_[started];
    worker = {this, started, {}};
    if (pthread_create(&worker.handle, &attributes, &Pool::main, &worker) != 0) break;
    refused = cpus != nullptr && !pin(worker.handle, cpus[started]);
  }
  pthread_attr_destroy(&attributes);
  if (started == threads_ && !refused) return true;
  end(started);
  return false;
}

void Pool::stop() {
  if (threads_ > 1) end(threads_);
  threads_ = 1;
  first_cpu_ = -1;
}

void Pool::end(int started) {
  job_ = nullptr;
  for (int absent = started; absent < threads_; ++absent) barrier_.arrive();
  barrier_.wait();
  for (int i = 1; i < started; ++i) pthread_join(workers_[i].handle, nullptr);
  barrier_.close();
  threads_ = 1;
}

void Pool::run(Job job, void* argument) {
  if (threads_ == 1) return job(argument, 0);
  job_ = job;
  argument_ = argument;
  barrier_.wait();
  job(argument, 0);
  barrier_.wait();
}

}  // namespace sparsec::rt
