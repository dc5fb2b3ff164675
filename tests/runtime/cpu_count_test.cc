// Cores and quotas as the system's files tell them: folders made like those of real machines.
#include "runtime/core/cpu_count.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/support/shell.h"

namespace {

using namespace sparsec::rt;
namespace fs = std::filesystem;

class System : public ::testing::Test {
 protected:
  void file(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_ / path).parent_path());
    folder_.write(path, text);
  }
  void siblings(int cpu, const std::string& list) const {
    file("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", list + "\n");
  }
  std::vector<int> cores(std::initializer_list<int> allowed) const {
    CpuSet set;
    for (const int cpu : allowed) set.add(cpu);
    std::vector<int> out(64);
    out.resize(size_t(physical_cores(set, root_.c_str(), out.data(), 64)));
    return out;
  }
  int quota() const { return quota_cores(root_.c_str()); }

  sparsec::testing::Folder folder_;
  std::string root_ = folder_.path().string();
};

using Numbers = std::vector<int>;

TEST_F(System, CountsNeighbouringHyperthreadsOnce) {
  for (int cpu = 0; cpu < 8; ++cpu) siblings(cpu, std::to_string(cpu / 2 * 2) + "-" + std::to_string(cpu / 2 * 2 + 1));
  EXPECT_EQ(cores({0, 1, 2, 3, 4, 5, 6, 7}), (Numbers{0, 2, 4, 6}));
  EXPECT_EQ(cores({1, 2, 3, 7}), (Numbers{1, 2, 7}));  // a core whose first CPU is not ours is still one
  EXPECT_EQ(cores({}), Numbers{});
}

TEST_F(System, CountsDistantHyperthreadsOnce) {
  for (int cpu = 0; cpu < 4; ++cpu) {
    const std::string list = std::to_string(cpu) + "," + std::to_string(cpu + 4);
    siblings(cpu, list);
    siblings(cpu + 4, list);
  }
  EXPECT_EQ(cores({0, 1, 2, 3, 4, 5, 6, 7}), (Numbers{0, 1, 2, 3}));
  EXPECT_EQ(cores({3, 4, 5, 7}), (Numbers{3, 4, 5}));
}

TEST_F(System, TakesEachCpuForACoreWhereNothingIsToldOfThem) {
  siblings(0, "0");
  EXPECT_EQ(cores({0, 1, 1023, 1024, kMostCpus - 1}), (Numbers{0, 1, 1023, 1024, kMostCpus - 1}));
}

TEST_F(System, WritesNoMoreCoresThanThereIsRoomFor) {
  CpuSet set;
  for (int cpu = 0; cpu < 10; ++cpu) set.add(cpu);
  int first[3] = {-1, -1, -1};
  EXPECT_EQ(physical_cores(set, root_.c_str(), first, 2), 10);
  EXPECT_EQ(first[1], 1);
  EXPECT_EQ(first[2], -1);
}

TEST_F(System, HasNoQuotaWhereNoneIsSet) {
  EXPECT_EQ(quota(), 0);  // no files at all
  file("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(quota(), 0);
  file("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0);
}

TEST_F(System, TakesTheLeastQuotaOfVersion2) {
  file("proc/self/cgroup", "0::/user.slice/job/step\n");
  file("sys/fs/cgroup/user.slice/cpu.max", "800000 100000\n");
  file("sys/fs/cgroup/user.slice/job/cpu.max", "350000 100000\n");
  file("sys/fs/cgroup/user.slice/job/step/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 3);  // whole CPUs
  file("sys/fs/cgroup/user.slice/cpu.max", "20000 100000\n");
  EXPECT_EQ(quota(), 1);  // but at least one
}

TEST_F(System, TakesTheLeastQuotaOfVersion1) {
  file("proc/self/cgroup",
       "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/docker/abc\n0::/system.slice\n");
  file("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
  file("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "50000\n");
  file("sys/fs/cgroup/cpu/docker/cpu.cfs_quota_us", "-1\n");
  file("sys/fs/cgroup/cpu/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 5);
  file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(System, FindsVersion1UnderItsOtherName) {
  file("proc/self/cgroup", "2:cpuacct,cpu:/a\n");
  file("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "400000\n");
  file("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 4);
}

TEST_F(System, FindsTheRootsQuotaInAContainerThatNamesGroupsAsOutside) {
  file("proc/self/cgroup", "4:cpu:/kubepods/pod1/" + std::string(64, 'f') + "\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(System, OtherControllersAndBrokenFilesSetNoQuota) {
  file("proc/self/cgroup", "5:cpuset:/a\n6:cpuacct:/a\nnonsense\n0::/b");
  for (const char* folder : {"sys/fs/cgroup/cpu/a", "sys/fs/cgroup/cpu,cpuacct/a", "sys/fs/cgroup/cpuset/a"}) {
    file(std::string(folder) + "/cpu.cfs_quota_us", "100000\n");
    file(std::string(folder) + "/cpu.cfs_period_us", "100000\n");
  }
  for (const char* text : {"", "\n", "100000", "x y", "100000 0", "-5 100000"}) {
    file("sys/fs/cgroup/b/cpu.max", text);
    EXPECT_EQ(quota(), 0) << text;
  }
  file("proc/self/cgroup", "0::/" + std::string(2000, 'x') + "\n");  // longer than any path: the root's counts
  file("sys/fs/cgroup/cpu.max", "700000 100000");
  EXPECT_EQ(quota(), 7);
}

TEST(Cpu, CountsAtLeastOneCore) {
  EXPECT_GE(usable_cores(), 1);
  EXPECT_LE(usable_cores(), 4096);
}

}  // namespace
