// One small kernel of each family, with data to run it on and what must come out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codegen/emit/image.h"

namespace sparsec::testing {

// Every kernel reads input 0 and the constants and writes a stretch of output 0 of its own.
struct Families {
  ProgramImage program;         // a step and a function per family, in the same order
  std::vector<uint8_t> input;   // random bytes, then random floats
  std::vector<uint8_t> output;  // what a plain loop makes of it
};
Families families(const Isa& isa);

}  // namespace sparsec::testing
