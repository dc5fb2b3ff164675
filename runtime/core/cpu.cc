// CPU features. __builtin_cpu_supports would drag in a libgcc symbol, so the bits are read here, from the Intel
// manual's table of cpuid leaves 1 and 7.
#include "runtime/core/cpu.h"

#include <cstdio>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace {

struct Feature {
  uint32_t bit;
  const char* name;
};
constexpr Feature kFeatures[] = {
    {SPARSEC_CPU_AVX2, "AVX2"},
    {SPARSEC_CPU_AVX512, "AVX512"},
    {SPARSEC_CPU_AVX512_VNNI, "AVX512_VNNI"},
    {SPARSEC_CPU_AVX512_VBMI, "AVX512_VBMI"},
    {SPARSEC_CPU_AVX_VNNI, "AVX_VNNI"},
    {SPARSEC_CPU_AMX_INT8, "AMX_INT8"},
    {SPARSEC_CPU_NEON_DOTPROD, "NEON_DOTPROD"},
    {SPARSEC_CPU_NEON_I8MM, "NEON_I8MM"},
};

#if defined(__x86_64__)
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
#endif

}  // namespace

extern "C" uint32_t sparsec_cpu_features(void) {
  uint32_t f = 0;
#if defined(__x86_64__)
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
#elif defined(__aarch64__) && defined(__linux__)
  if (getauxval(AT_HWCAP) & (1ul << 20)) f |= SPARSEC_CPU_NEON_DOTPROD;  // HWCAP_ASIMDDP
  if (getauxval(AT_HWCAP2) & (1ul << 13)) f |= SPARSEC_CPU_NEON_I8MM;    // HWCAP2_I8MM
#endif
  return f;
}

extern "C" uint32_t sparsec_cpu_permit(uint32_t features) {
#if defined(__x86_64__)
  if ((features & SPARSEC_CPU_AMX_INT8) && !may_use_tiles()) return features & ~uint32_t{SPARSEC_CPU_AMX_INT8};
#endif
  return features;
}

extern "C" char* sparsec_cpu_text(uint32_t features, char* text, size_t bytes) {
  if (bytes == 0) return text;
  text[0] = 0;
  size_t used = 0;
  for (const Feature& f : kFeatures) {
    if (!(features & f.bit) || used >= bytes) continue;
    const int n = snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", f.name);
    if (n > 0) used += size_t(n);
  }
  if (used == 0) snprintf(text, bytes, "none");
  return text;
}
