// The quota of a cgroup: so many microseconds of CPU time in each period. /proc/self/cgroup names our group, a line a
// hierarchy: "0::/a/b" of version 2, "4:cpu,cpuacct:/a/b" of version 1; both may be there, and any group above may have
// the least quota. In a container the names may be those outside while the files are those inside: then those of the
// root are all that is found.
#include <cstdlib>
#include <cstring>

#include "runtime/core/cpu_count.h"
#include "runtime/core/text.h"

namespace sparsec::rt {
namespace {

constexpr size_t kLongestPath = 1024;

// The least so far, in whole CPUs; 0: none.
struct Quota {
  int cores = 0;

  void limit(long quota, long period) {
    if (quota <= 0 || period <= 0) return;  // version 1 says -1 for none
    const int whole = quota < period ? 1 : int(quota / period);
    if (cores == 0 || whole < cores) cores = whole;
  }
};

// "150000 100000", or "max 100000" for none.
void read_version_2(const char* folder, Quota& quota) {
  char path[kLongestPath + 32], text[64];
  format(path, sizeof path, "%s/cpu.max", folder);
  if (!read_text(path, text, sizeof text) || text[0] < '0' || text[0] > '9') return;
  char* rest;
  const long microseconds = strtol(text, &rest, 10);
  quota.limit(microseconds, strtol(rest, nullptr, 10));
}

void read_version_1(const char* folder, Quota& quota) {
  char path[kLongestPath + 32], microseconds[64], period[64];
  format(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!read_text(path, microseconds, sizeof microseconds)) return;
  format(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  if (!read_text(path, period, sizeof period)) return;
  quota.limit(strtol(microseconds, nullptr, 10), strtol(period, nullptr, 10));
}

// Of the group and of those above it, up to where the hierarchy is mounted.
void read_upwards(const char* root, const char* mount, const char* group, void (*read)(const char*, Quota&),
                  Quota& quota) {
  char folder[kLongestPath];
  if (strlen(root) + strlen(mount) + strlen(group) >= sizeof folder) group = "";
  format(folder, sizeof folder, "%s%s%s", root, mount, group);
  char* const top = folder + strlen(root) + strlen(mount);
  for (;;) {
    read(folder, quota);
    char* slash = strrchr(top, '/');
    if (slash == nullptr) return;
    *slash = 0;
  }
}

bool names_cpu(const char* controllers) {
  for (const char* p = controllers; *p != 0; p += strspn(p, ",")) {
    const size_t length = strcspn(p, ",");
    if (length == 3 && strncmp(p, "cpu", 3) == 0) return true;
    p += length;
  }
  return false;
}

void read_line(const char* root, char* line, Quota& quota) {
  char* controllers = strchr(line, ':');
  char* group = controllers != nullptr ? strchr(controllers + 1, ':') : nullptr;
  if (group == nullptr) return;
  ++controllers;
  *group++ = 0;
  if (*controllers == 0) return read_upwards(root, "/sys/fs/cgroup", group, read_version_2, quota);
  if (!names_cpu(controllers)) return;
  read_upwards(root, "/sys/fs/cgroup/cpu", group, read_version_1, quota);
  read_upwards(root, "/sys/fs/cgroup/cpu,cpuacct", group, read_version_1, quota);
}

}  // namespace

int quota_cores(const char* root) {
  char path[kLongestPath], groups[4096];
  format(path, sizeof path, "%s/proc/self/cgroup", root);
  if (!read_text(path, groups, sizeof groups)) return 0;
  Quota quota;
  for (char* line = groups; *line != 0;) {
    char* end = line + strcspn(line, "\n");
    char* next = *end != 0 ? end + 1 : end;
    *end = 0;
    read_line(root, line, quota);
    line = next;
  }
  return quota.cores;
}

}  // namespace sparsec::rt
