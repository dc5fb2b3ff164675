// In place of runtime/core/fused.cc: loops run in their baseline form, as on a CPU without AVX2, whatever the CPU has.
#include "runtime/core/fused.h"

#if defined(__x86_64__) && !defined(__FMA__)

namespace sparsec::rt {

bool have_fma() { return false; }

}  // namespace sparsec::rt

#endif
