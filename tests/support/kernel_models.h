// Models made by hand for tests of the emitters and the engine: a kernel or two and the tables around them, without a
// compiler in front.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/emit/image.h"

namespace sparsec::testing {

// ISAs that this CPU has.
std::vector<const Isa*> usable_isas();
// What one library may hold: ISAs of an architecture, with the portable one; of this machine's. The CPU need not have
// them.
std::vector<const Isa*> isas_for(std::string_view architecture);
std::vector<const Isa*> native_isas();

// A model of one program per ISA that runs `function` once over `tiles` tiles. Its pointers are the inputs 0, 1, ...,
// then the output 0, then the constants; each of `input_strides` and `output_stride` is in bytes per tile.
struct KernelCase {
  kir::Function function;
  std::vector<int64_t> input_strides;
  int64_t output_stride = 0;
  int64_t tiles = 1;
  std::vector<uint8_t> constants;
};
ProgramImage program_of(const Isa& isa, const KernelCase& kernel);
ModelImage model_of(const std::string& name, std::vector<ProgramImage> programs, const KernelCase& kernel);

// out[i] = a[i] + b[i] + bias, int32, `tiles` vectors; the bias is the constants' first word.
KernelCase vector_add(const Isa& isa, int64_t tiles, int32_t bias);
ModelImage vector_add_model(const std::string& name, const std::vector<const Isa*>& isas, int64_t tiles, int32_t bias);

// Walks the schedule as the runtime does, in one thread and without an arena.
void run_program(const sparsec_program& program, const std::vector<const void*>& inputs,
                 const std::vector<void*>& outputs);

}  // namespace sparsec::testing
