// Instruction text that every x86 vector ISA shares: the same mnemonic at each register width, which {d} {a} {b} fill
// in.
//
// VEX (AVX2) and EVEX (AVX-512) differ in the names of whole-register moves and bit operations only. An ISA file holds
// the rows that are its own.
#pragma once

#include <vector>

#include "codegen/isa/isa.h"

namespace sparsec {

enum class Encoding : uint8_t { vex, evex };

// The shared rows.
std::vector<OpText> x86_rows(Encoding encoding);

// `rows` with those of `own` added; a row for an opcode that `rows` has already takes its place.
std::vector<OpText> with_rows(std::vector<OpText> rows, const std::vector<OpText>& own);

// {pack}'s constant: the packs leave, in each 128-bit lane, four bytes a row; this shuffle turns them into four bytes a
// pixel.
LocalData x86_pack_data(int vector_bytes);

}  // namespace sparsec
