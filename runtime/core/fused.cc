#include "runtime/core/fused.h"

#if defined(__x86_64__) && !defined(__FMA__)

#include <atomic>

#include "runtime/core/cpu.h"

namespace sparsec::rt {
namespace {
std::atomic<uint32_t> known{0};  // 1: no, 2: yes; every thread would find the same
}

bool have_fma() {
  uint32_t k = known.load(std::memory_order_relaxed);
  if (k == 0) {
    k = sparsec_cpu_features() & SPARSEC_CPU_AVX2 ? 2 : 1;
    known.store(k, std::memory_order_relaxed);
  }
  return k == 2;
}

}  // namespace sparsec::rt

#endif
