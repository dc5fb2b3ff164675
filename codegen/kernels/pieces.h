// A kernel's products cut into pieces, kernels of their own that hand their sums on through memory: each runs over all
// pixels before the next begins.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/conv_epilogue.h"

namespace sparsec::kernels {

// The part of a group's products that one kernel sums: [begin, end) of what they are counted in. The first piece begins
// anew, the last ends with the epilogue.
struct Piece {
  size_t begin, end;
  bool first, last;
  bool whole() const { return first && last; }
};

// Pieces of about as many products; products[i]: those of i.
std::vector<Piece> pieces_of(const std::vector<int64_t>& products, size_t count);

// The pointers of one piece: only the last one finishes rows.
ConvPointers pointers_of(const ConvSpec& spec, const Piece& piece);

}  // namespace sparsec::kernels
