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

// The names of `features`, comma separated ("AVX2, AVX512_VNNI"), into `text` (always terminated). Returns `text`.
char* sparsec_cpu_text(uint32_t features, char* text, size_t bytes);
}
