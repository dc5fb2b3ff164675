// Loops full of fma, built twice: for the baseline, where on x86-64 each fma is a call of libm, and for AVX2 with FMA.
// Both give the same bits. Loops that have a form of their own for vectors of 32 bytes give both forms.
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

// Calls wide() where there is AVX2 with FMA, and narrow() where there is not: lambdas marked SPARSEC_INLINE_LAMBDA, and
// all that they call must be forced inline, too.
template <class Wide, class Narrow>
void run_wide(const Wide& wide, const Narrow& narrow) {
  if (have_fma()) return run_with_fma(wide);
  run_baseline(narrow);
}

#else

template <class Wide, class Narrow>
void run_wide(const Wide& wide, const Narrow& narrow) {
#if defined(__AVX2__)
  (void)narrow;
  wide();
#else
  (void)wide;
  narrow();
#endif
}

#endif

template <class Loops>
void run_fused(const Loops& loops) {
  run_wide(loops, loops);
}

#define SPARSEC_INLINE_LAMBDA __attribute__((always_inline))

}  // namespace sparsec::rt
