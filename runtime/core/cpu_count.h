// How many threads are worth starting, and where: the physical cores that this process may use.
//
// `root` is the folder in which the system's files are looked for (/sys, /proc): "" but in tests.
#pragma once

#include "runtime/core/cpu_set.h"

namespace sparsec::rt {

// The physical cores among these CPUs, each by the first of its CPUs that is in the set (hyperthreads share a core).
// Writes up to `most` of them and returns how many there are.
int physical_cores(const CpuSet& allowed, const char* root, int* cores, int most);

// Whole CPUs that the cgroup's quota is worth (of our group and those above it, versions 1 and 2), at least 1; 0: there
// is no quota.
int quota_cores(const char* root);

// Physical cores of the calling thread's affinity, but no more than the quota. At least 1.
int usable_cores();

}  // namespace sparsec::rt
