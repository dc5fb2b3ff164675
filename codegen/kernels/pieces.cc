// Cuts where the running sum of products passes each piece's share of all.
#include "codegen/kernels/pieces.h"

namespace sparsec::kernels {

std::vector<Piece> pieces_of(const std::vector<int64_t>& products, size_t count) {
  int64_t total = 0, done = 0;
  for (int64_t n : products) total += n;
  std::vector<Piece> pieces;
  size_t begin = 0;
  for (size_t i = 0; i < count; ++i) {
    size_t end = begin;
    while (end < products.size() && done * int64_t(count) < total * int64_t(i + 1)) done += products[end++];
    if (i + 1 == count) end = products.size();
    pieces.push_back({begin, end, i == 0, i + 1 == count});
    begin = end;
  }
  return pieces;
}

ConvPointers pointers_of(const ConvSpec& spec, const Piece& piece) {
  ConvPointers pointers(spec);
  if (!piece.last) pointers.list = {ConvPointer::input, ConvPointer::stream, ConvPointer::pool};
  if (!piece.whole()) pointers.list.push_back(ConvPointer::partial);
  return pointers;
}

}  // namespace sparsec::kernels
