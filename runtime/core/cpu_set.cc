// Linux keeps such sets as arrays of words of 64 bits, lowest CPU first, and so do we.
#include "runtime/core/cpu_set.h"

#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sched.h>
#endif

namespace sparsec::rt {

#if defined(__linux__)

static_assert(sizeof(unsigned long) == 8, "words of cpu_set_t");

bool CpuSet::read_affinity() { return sched_getaffinity(0, sizeof bits_, reinterpret_cast<cpu_set_t*>(bits_)) == 0; }

bool CpuSet::set_affinity(pthread_t thread) const {
  return pthread_setaffinity_np(thread, sizeof bits_, reinterpret_cast<const cpu_set_t*>(bits_)) == 0;
}

#else

bool CpuSet::read_affinity() { return false; }
bool CpuSet::set_affinity(pthread_t) const { return false; }

#endif

PinnedHere::PinnedHere(int cpu) {
  if (cpu < 0 || !before_.read_affinity()) return;
  CpuSet one;
  one.add(cpu);
  pinned_ = one.set_affinity(pthread_self());
}

PinnedHere::~PinnedHere() {
  if (pinned_) before_.set_affinity(pthread_self());
}

}  // namespace sparsec::rt
