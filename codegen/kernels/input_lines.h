// Input vectors from whole cache lines.
//
// A vector that begins between two lines takes a load of each of them, and the taps of a row lie a pixel apart: three
// vectors, six loads, of two lines. Where an instruction joins two registers (lanes_from), the lines are loaded once,
// and each vector is put together. That moves work from the loads, which bound sparse products (a weight a product
// besides the input), to the vector ports, so it is done where no more lines are loaded than vectors are made
// (and only by kernels of few products a vector: conv.cc).
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/kernels/builder.h"

namespace sparsec::kernels {

class InputLines {
 public:
  static constexpr int kRegisters = 3;  // two lines, and a vector made of them

  // Whether the instruction set has what it takes.
  static bool usable(const Isa& isa) { return has_text(isa, kir::Opcode::lanes_from); }

  // With registers first_register, first_register + 1, ...
  InputLines(const Isa& isa, Builder& builder, int first_register);

  // The vectors to be loaded next, in this order: bytes from the pointer, which stands on a line.
  void expect(int pointer, std::vector<int64_t> vectors);
  // Loads the next of them; the register where it is until the next call.
  int load_next();

 private:
  int64_t first_line(int64_t vector) const;
  int64_t last_line(int64_t vector) const;
  int line(int64_t number);

  const int vector_bytes_;
  Builder& b_;
  const int first_register_;
  int pointer_ = 0;
  std::vector<int64_t> vectors_;
  std::vector<bool> joined_;  // whether to be made of whole lines
  size_t next_ = 0;
  int64_t loaded_[2] = {};  // the line in either register, since expect()
};

}  // namespace sparsec::kernels
