// Linux tells programs in the auxiliary vector what the CPU has.
#if defined(__aarch64__) && defined(__linux__)

#include <sys/auxv.h>

#include "runtime/core/cpu.h"

extern "C" uint32_t sparsec_cpu_features(void) {
  constexpr unsigned long kDotProduct = 1ul << 20;  // HWCAP_ASIMDDP
  constexpr unsigned long kI8mm = 1ul << 13;        // HWCAP2_I8MM
  uint32_t f = 0;
  if (getauxval(AT_HWCAP) & kDotProduct) f |= SPARSEC_CPU_NEON_DOTPROD;
  if (getauxval(AT_HWCAP2) & kI8mm) f |= SPARSEC_CPU_NEON_I8MM;
  return f;
}

#endif
