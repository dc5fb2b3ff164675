// Linux: the affinity, /sys/devices/system/cpu/*/topology for hyperthreads, and the quota. Elsewhere, and where the
// affinity cannot be read: the CPUs online.
#include "runtime/core/cpu_count.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/core/text.h"

namespace sparsec::rt {
namespace {

// Of the CPUs that share a core, the first allowed one stands for it. A list reads "0-1" or "0,36".
bool stands_for_core(int cpu, const CpuSet& allowed, const char* root) {
  char path[512], list[256];
  format(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", root, cpu);
  if (!read_text(path, list, sizeof list)) return true;
  for (char* p = list; *p >= '0' && *p <= '9';) {
    const long first = strtol(p, &p, 10);
    const long last = *p == '-' ? strtol(p + 1, &p, 10) : first;
    for (long i = first; i <= last && i < cpu; ++i) {
      if (allowed.has(int(i))) return false;
    }
    if (*p == ',') ++p;
  }
  return true;
}

int online() {
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : int(n);
}

}  // namespace

int physical_cores(const CpuSet& allowed, const char* root, int* cores, int most) {
  int n = 0;
  for (int cpu = 0; cpu < kMostCpus; ++cpu) {
    if (!allowed.has(cpu) || !stands_for_core(cpu, allowed, root)) continue;
    if (n < most) cores[n] = cpu;
    ++n;
  }
  return n;
}

int usable_cores() {
  CpuSet allowed;
  const int physical = allowed.read_affinity() ? physical_cores(allowed, "", nullptr, 0) : 0;
  const int cores = physical > 0 ? physical : online(), quota = quota_cores("");
  return quota > 0 && quota < cores ? quota : cores;
}

}  // namespace sparsec::rt
