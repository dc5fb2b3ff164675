// The names of CPU features. What this CPU has is read in cpu_x86.cc and cpu_aarch64.cc.
#include "runtime/core/cpu.h"

#include <cstdio>

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

}  // namespace

#if !defined(__x86_64__) && !(defined(__aarch64__) && defined(__linux__))
extern "C" uint32_t sparsec_cpu_features(void) { return 0; }  // portable code runs anywhere
#endif

#if !defined(__x86_64__)
extern "C" uint32_t sparsec_cpu_permit(uint32_t features) { return features; }  // nobody has to be asked
#endif

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
