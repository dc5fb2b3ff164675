// The products of a convolution kernel: input vectors times the words of the rows that need them, summed into the rows'
// accumulators.
//
// Most instruction sets multiply a vector into one row with one instruction, so vectors are loaded one after the other.
// Where dot4 goes through 16-bit sums (saturating_dot), a few vectors are kept in registers, and up to three words of a
// row become one dot8 or dot12: the sums are widened once instead of each time. Which words may be summed is decided
// from their values (saturation.h), so the result is exact.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/kernels/builder.h"
#include "codegen/kernels/input_lines.h"

namespace sparsec::kernels {

struct ProductSlot {
  struct Words {
    int row;
    std::vector<uint32_t> turns;  // of each turn of the loop around the products
  };
  Mem input;
  std::vector<Words> words;
};

// How many products dot4 needs for a word: none for zero, two where it must be split.
int products_of(const Isa& isa, bool integer, uint32_t word);

class ConvProducts {
 public:
  // Accumulators are registers 0 to rows - 1; those behind them are free for input vectors. By lines: as input_lines.h
  // has it, where the instruction set can.
  ConvProducts(const Isa& isa, bool integer, int rows, bool by_lines, Builder& builder, WordStream& stream);

  // Sums of this row go to two accumulators in turn, until join_rows() adds them: each product waits for the one before
  // it on the same accumulator. Before the first slot; not where sums go through 16 bits.
  void split_row(int row);
  void join_rows();

  void add(ProductSlot slot);
  void end_plane();  // after each plane's slots
  void flush();      // after the last

  // How many planes a dense kernel best takes a turn: a divisor of `planes`.
  int64_t planes_a_turn(int64_t planes, size_t taps) const;
  // The words of the second and later turns of the loop that was just written, in the order of use.
  std::vector<uint32_t> take_later_turns();

  int64_t count() const { return count_; }  // words multiplied, over all turns
  int64_t loads() const { return loads_; }

 private:
  struct Factor {
    int data;  // register of the input vector
    std::vector<uint32_t> turns;
  };
  std::vector<Factor> split(int data, const std::vector<uint32_t>& turns) const;
  void sum_together();
  void one_by_one();
  int second_accumulator() const { return rows_ + InputLines::kRegisters; }
  void emit(int row, std::vector<Factor> factors);
  static bool safe_together(const std::vector<Factor>& factors);

  const Isa& isa_;
  const bool sums_;  // dot8 and dot12 pay
  const bool integer_;
  const bool signed_;  // of s8 by s8
  const int rows_;
  const bool by_lines_;
  Builder& b_;
  WordStream& stream_;
  InputLines lines_;  // if by_lines_
  int split_row_ = -1;
  bool second_ = false;  // whether the next product of it is the second accumulator's
  std::vector<ProductSlot> held_;
  std::vector<std::vector<uint32_t>> later_;  // by turn
  int64_t count_ = 0, loads_ = 0;
};

}  // namespace sparsec::kernels
