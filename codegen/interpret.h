// Runs kernel IR on any machine: the plain-loop meaning of each opcode, for tests and for verifying kernels of an ISA
// that this CPU lacks.
#pragma once

#include <cstdint>

#include "codegen/isa/isa.h"
#include "codegen/program.h"

namespace sparsec::kir {

// Runs one kernel as the generated code would. Pointers are real addresses; reads and writes go straight to memory.
void interpret(const Isa& isa, const Function& function, const void* const* pointers, int64_t tiles);

}  // namespace sparsec::kir
