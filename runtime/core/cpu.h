// What the CPU we run on can do, asked of the CPU itself: cpuid and xgetbv on x86, the kernel's auxiliary vector on
// aarch64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sparsec/abi.h"

extern "C" {

// SPARSEC_CPU_* bits. A feature counts only when the operating system saves its registers too. Slow on virtual machines
// (cpuid traps): ask once.
uint32_t sparsec_cpu_features(void);

// Those of `features` that this process may use. AMX's tiles are for those who ask (Linux gives them, for good and for
// all threads, unless a thread's alternate signal stack is too small to save them); this asks if they are among them.
uint32_t sparsec_cpu_permit(uint32_t features);

// The names of `features`, comma separated ("AVX2, AVX512_VNNI"), into `text` (always terminated). Returns `text`.
char* sparsec_cpu_text(uint32_t features, char* text, size_t bytes);
}
