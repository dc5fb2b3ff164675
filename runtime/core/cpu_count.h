// How many threads are worth starting: the physical cores that this process may use.
#pragma once

namespace sparsec::rt {

// Physical cores among the CPUs of our affinity mask (hyperthreads share one), and no more than the cgroup's CPU quota.
// At least 1.
int usable_cores();

}  // namespace sparsec::rt
