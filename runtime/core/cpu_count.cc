// Linux: the affinity mask, /sys/devices/system/cpu/*/topology for hyperthreads, and the cgroup files for the quota.
// Elsewhere: the CPUs online. Files are read with open and read, which allocate nothing.
#include "runtime/core/cpu_count.h"

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sparsec::rt {
namespace {

#if defined(__linux__)

// The file's first bytes as text; false when it cannot be read.
bool read_text(const char* path, char* text, size_t bytes) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t n = read(file, text, bytes - 1);
  close(file);
  if (n < 0) return false;
  text[n] = 0;
  return true;
}

// Of the CPUs that share a core, the first allowed one stands for it. A list reads "0-1" or "0,36".
bool stands_for_core(int cpu, const cpu_set_t& allowed) {
  char path[96], list[128];
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  if (!read_text(path, list, sizeof list)) return true;
  for (char* p = list; *p >= '0' && *p <= '9';) {
    const long first = strtol(p, &p, 10);
    const long last = *p == '-' ? strtol(p + 1, &p, 10) : first;
    for (long i = first; i <= last && i < cpu; ++i) {
      if (i < CPU_SETSIZE && CPU_ISSET(int(i), &allowed)) return false;
    }
    if (*p == ',') ++p;
  }
  return true;
}

int allowed_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  int cores = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed) && stands_for_core(cpu, allowed)) ++cores;
  }
  return cores;
}

// Version 2: the least quota/period of our group and those above it. "max 100000" is none. Version 1: the root of our
// view only.
int quota_cores(int otherwise) {
  int cores = otherwise;
  const auto limit = [&](long quota, long period) {
    if (quota <= 0 || period <= 0) return;
    const int whole = quota < period ? 1 : int(quota / period);
    if (whole < cores) cores = whole;
  };
  char group[512], path[640], text[64];
  if (read_text("/proc/self/cgroup", group, sizeof group)) {
    char* start = strncmp(group, "0::", 3) == 0 ? group : strstr(group, "\n0::");
    if (start != nullptr) {
      start += *start == '\n' ? 4 : 3;
      start[strcspn(start, "\n")] = 0;
      for (;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", start);
        char* rest;
        if (read_text(path, text, sizeof text) && text[0] != 'm') {
          const long quota = strtol(text, &rest, 10);
          limit(quota, strtol(rest, nullptr, 10));
        }
        char* slash = strrchr(start, '/');
        if (slash == nullptr) break;
        *slash = 0;
      }
    }
  }
  char period[64];
  if (read_text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof text) &&
      read_text("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) {
    limit(strtol(text, nullptr, 10), strtol(period, nullptr, 10));
  }
  return cores;
}

#endif

int online() {
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : int(n);
}

}  // namespace

int usable_cores() {
#if defined(__linux__)
  const int cores = allowed_cores();
  return quota_cores(cores > 0 ? cores : online());
#else
  return online();
#endif
}

}  // namespace sparsec::rt
