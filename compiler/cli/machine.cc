// What the operating system tells of the machine.
#include "compiler/cli/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "runtime/core/cpu.h"
#include "sparsec/abi.h"

namespace sparsec::cli {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

std::vector<std::string> cpu_features() {
  constexpr std::pair<uint32_t, const char*> kNames[] = {{SPARSEC_CPU_AVX2, "avx2"},
                                                         {SPARSEC_CPU_AVX512, "avx512"},
                                                         {SPARSEC_CPU_AVX512_VNNI, "avx512_vnni"},
                                                         {SPARSEC_CPU_AVX512_VBMI, "avx512_vbmi"},
                                                         {SPARSEC_CPU_AVX_VNNI, "avx_vnni"},
                                                         {SPARSEC_CPU_AMX_INT8, "amx_int8"},
                                                         {SPARSEC_CPU_NEON_DOTPROD, "neon_dotprod"},
                                                         {SPARSEC_CPU_NEON_I8MM, "neon_i8mm"}};
  std::vector<std::string> out;
  const uint32_t features = sparsec_cpu_features();
  for (const auto& [bit, name] : kNames)
    if (features & bit) out.emplace_back(name);
  return out;
}

nlohmann::ordered_json machine_json() {
  double load = 0;
  if (getloadavg(&load, 1) != 1) load = -1;
  utsname os{};
  uname(&os);
  return {{"cpu", cpu_name()},
          {"features", cpu_features()},
          {"logical_cpus", std::thread::hardware_concurrency()},
          {"l1d_bytes", sysconf(_SC_LEVEL1_DCACHE_SIZE)},
          {"l2_bytes", sysconf(_SC_LEVEL2_CACHE_SIZE)},
          {"l3_bytes", sysconf(_SC_LEVEL3_CACHE_SIZE)},
          {"system", std::string(os.sysname) + " " + os.release + " " + os.machine},
          {"load", load}};
}

}  // namespace sparsec::cli
