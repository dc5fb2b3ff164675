// The cache lines of the kernel that runs next, asked for among the products of this one: its constants and its code
// come from beyond the second-level cache. As many as this kernel has itself, spread over its tiles.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "codegen/kernels/conv_epilogue.h"

namespace sparsec::kernels {

inline constexpr int64_t kLine = 64;

// Whether a kernel can ask, and has room for so many pointers more.
bool can_ask_ahead(const Isa& isa, const ConvSpec& spec, const ConvPointers& pointers, size_t more);
// Adds the pointers; returns the first one's register.
int add_pointers(ConvPointers& pointers, std::initializer_list<ConvPointer> more);
// How many lines of so many bytes each tile asks for: no more than there are products.
int64_t lines_a_tile(const ConvSpec& spec, int64_t bytes, int64_t products);

// So many things done among others, evenly.
class Spread {
 public:
  explicit Spread(int64_t count) : count_(count) {}
  // Calls act(i) for those that are due when `done` of `all` others are.
  template <typename Act>
  void until(int64_t done, int64_t all, Act act) {
    for (; acted_ * all < done * count_; ++acted_) act(acted_);
  }
  template <typename Act>
  void finish(Act act) {
    until(1, 1, act);
  }

 private:
  int64_t count_, acted_ = 0;
};

}  // namespace sparsec::kernels
