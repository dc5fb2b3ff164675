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
  // Accumulators are registers 0 to rows - 1; those behind them are free for input vectors.
  ConvProducts(const Isa& isa, bool integer, int rows, Builder& builder, WordStream& stream);

  void add(ProductSlot slot);
  void flush();  // after the last slot

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
  void emit(int row, std::vector<Factor> factors);
  static bool safe_together(const std::vector<Factor>& factors);

  const Isa& isa_;
  const bool sums_;  // dot8 and dot12 pay
  const bool integer_;
  const bool signed_;  // of s8 by s8
  const int rows_;
  Builder& b_;
  WordStream& stream_;
  std::vector<ProductSlot> held_;
  std::vector<std::vector<uint32_t>> later_;  // by turn
  int64_t count_ = 0, loads_ = 0;
};

}  // namespace sparsec::kernels
