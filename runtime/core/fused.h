// Loops full of fma, built twice: for the baseline, where on x86-64 each fma is a call of libm, and for AVX2 with FMA.
// Both give the same bits.
#pragma once

#include <cstdint>

#include "runtime/core/numerics.h"

namespace sparsec::rt {

#if defined(__x86_64__) && !defined(__FMA__)

bool have_fma();

template <class Loops>
__attribute__((target("avx2,fma"), noinline)) void run_with_fma(const Loops& loops) {
  loops();
}
template <class Loops>
__attribute__((noinline)) void run_baseline(const Loops& loops) {
  loops();
}

// Calls loops(), which must be a lambda marked SPARSEC_INLINE_LAMBDA, as must all that it calls be forced inline.
template <class Loops>
void run_fused(const Loops& loops) {
  if (have_fma()) return run_with_fma(loops);
  run_baseline(loops);
}

#else

template <class Loops>
void run_fused(const Loops& loops) {
  loops();
}

#endif

#define SPARSEC_INLINE_LAMBDA __attribute__((always_inline))

}  // namespace sparsec::rt
