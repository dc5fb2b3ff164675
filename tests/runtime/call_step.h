// Calls a ready-made step as the runtime does: pointers first, then their strides.
#pragma once

#include <initializer_list>

#include "sparsec/abi.h"

namespace testing_steps {

struct Operand {
  const void* at;
  int64_t stride;
};

inline void call_step(sparsec_kernel kernel, int64_t tiles, std::initializer_list<Operand> operands) {
  const void* pointers[2 * SPARSEC_MAX_POINTERS] = {};
  int i = 0;
  for (const Operand& o : operands) {
    pointers[i] = o.at;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): abi.h has it so
    pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(intptr_t(o.stride));
    ++i;
  }
  kernel(pointers, tiles);
}

}  // namespace testing_steps
