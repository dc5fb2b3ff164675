// Kernels of one opcode each, and some of loops, words and offsets, with the data that they are run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/program.h"

namespace sparsec::testing {

constexpr int kSlot = 64;  // bytes of a register in the data, whatever the ISA's lanes
constexpr size_t kRegisterBytes = 6 * kSlot, kMemoryBytes = 1024;

enum class Data { bits, levels, floats, wide_floats, table, weights, small_weights };

// p0: six registers' worth of data; p1: the memory operand; p2: where the result goes.
struct OpCase {
  kir::Function function;
  Data registers, memory;
};

// Every opcode that the instruction set has, with each kind of operand that matters.
std::vector<OpCase> all_cases(const Isa& isa);
std::vector<uint8_t> random_data(Data kind, size_t bytes, std::mt19937& random);

}  // namespace sparsec::testing
