// What each opcode is called in templates/portable_ops.{h,ll} and which operands it takes: d a b c e registers, m
// memory, i immediate, in the order of its arguments.
#pragma once

#include <vector>

#include "codegen/program.h"

namespace sparsec::emit {

struct Operands {
  const char* name;
  const char* list;
  bool reads_d;  // d is an accumulator, an argument of the C++ function too
};

const Operands& operands_of(kir::Opcode op);
int register_of(const kir::Insn& insn, char kind);
std::vector<int> registers_of(const kir::Function& function);  // those that occur, ascending
int loops_of(const kir::Function& function);

}  // namespace sparsec::emit
