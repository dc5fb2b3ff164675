// Instruction text that every 64-bit ARM ISA shares. An ISA file holds the rows of its products.
//
// 24 registers are for kernels. Of the others, v24 to v27 hold words of weights or a table, v28 and v29 are scratch,
// v30 holds the lanes' bits for select, v31 the signs of bytes for load_s8; the prologues set these two.
#pragma once

#include <vector>

#include "codegen/isa/isa.h"

namespace sparsec {

inline constexpr int kNeonRegisters = 24;

std::vector<OpText> neon_rows();
std::vector<OnceText> neon_prologues();

}  // namespace sparsec
