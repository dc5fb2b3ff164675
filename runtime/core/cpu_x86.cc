// __builtin_cpu_supports would drag in a libgcc symbol, so the bits are read here, from the Intel manual's table of
// cpuid leaves 1 and 7.
#if defined(__x86_64__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "runtime/core/cpu.h"

namespace {

struct Leaf {
  uint32_t eax, ebx, ecx, edx;
};

Leaf cpuid(uint32_t leaf, uint32_t subleaf) {
  Leaf r{};
  if (leaf <= __get_cpuid_max(0, nullptr)) __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
  return r;
}

// XCR0: which register sets the operating system saves.
uint64_t saved_registers() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

// Asks for the tiles' registers, 8 KiB a thread.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM; the state's number in XCR0
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

constexpr bool all(uint64_t word, uint64_t bits) { return (word & bits) == bits; }
constexpr uint32_t bit(int i) { return 1u << i; }

}  // namespace

extern "C" uint32_t sparsec_cpu_features(void) {
  uint32_t f = 0;
  const Leaf one = cpuid(1, 0);
  const uint32_t osxsave = bit(27), avx = bit(28), fma = bit(12);
  if (!all(one.ecx, osxsave | avx)) return 0;
  const uint64_t saved = saved_registers();
  const bool ymm = all(saved, 0x6), zmm = all(saved, 0xe6), tiles = all(saved, 0x60000);
  const Leaf seven = cpuid(7, 0);
  const Leaf seven_one = seven.eax >= 1 ? cpuid(7, 1) : Leaf{};
  const uint32_t avx2_bmi2 = bit(5) | bit(8);
  const uint32_t avx512 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);  // F, DQ, CD, BW, VL
  if (ymm && all(seven.ebx, avx2_bmi2) && all(one.ecx, fma)) f |= SPARSEC_CPU_AVX2;
  if (ymm && all(seven_one.eax, bit(4))) f |= SPARSEC_CPU_AVX_VNNI;
  if (zmm && all(seven.ebx, avx512)) {
    f |= SPARSEC_CPU_AVX512;
    if (all(seven.ecx, bit(11))) f |= SPARSEC_CPU_AVX512_VNNI;
    if (all(seven.ecx, bit(1))) f |= SPARSEC_CPU_AVX512_VBMI;
  }
  if (tiles && all(seven.edx, bit(24) | bit(25))) f |= SPARSEC_CPU_AMX_INT8;
  return f;
}

extern "C" uint32_t sparsec_cpu_permit(uint32_t features) {
  if ((features & SPARSEC_CPU_AMX_INT8) && !may_use_tiles()) return features & ~uint32_t{SPARSEC_CPU_AMX_INT8};
  return features;
}

#endif
