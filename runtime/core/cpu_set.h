// Sets of CPUs by number, and the one that the system lets a thread run on: its affinity.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace sparsec::rt {

inline constexpr int kMostCpus = 8192;

class CpuSet {
 public:
  bool has(int cpu) const { return cpu >= 0 && cpu < kMostCpus && (bits_[cpu / 64] >> cpu % 64 & 1) != 0; }
  void add(int cpu) { bits_[cpu / 64] |= uint64_t{1} << cpu % 64; }

  // Of the calling thread; false where the system does not tell (elsewhere than on Linux).
  bool read_affinity();
  // Of a thread; false where the system refuses.
  bool set_affinity(pthread_t thread) const;

 private:
  uint64_t bits_[kMostCpus / 64] = {};
};

// While it lives, the calling thread runs on this CPU only; then where it ran before. Below 0: nothing happens.
class PinnedHere {
 public:
  explicit PinnedHere(int cpu);
  ~PinnedHere();
  PinnedHere(const PinnedHere&) = delete;
  PinnedHere& operator=(const PinnedHere&) = delete;

 private:
  bool pinned_ = false;
  CpuSet before_;
};

}  // namespace sparsec::rt
