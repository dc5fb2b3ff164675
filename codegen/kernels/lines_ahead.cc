// Kernels whose tiles are not known at compile time ask for nothing: there is nothing to spread the lines over.
#include "codegen/kernels/lines_ahead.h"

#include <algorithm>

namespace sparsec::kernels {

bool can_ask_ahead(const Isa& isa, const ConvSpec& spec, const ConvPointers& pointers, size_t more) {
  return spec.tiles > 0 && has_text(isa, kir::Opcode::prefetch) &&
         pointers.list.size() + more <= size_t(kir::kMaxPointers);
}

int add_pointers(ConvPointers& pointers, std::initializer_list<ConvPointer> more) {
  const int first = int(pointers.list.size());
  pointers.list.insert(pointers.list.end(), more);
  return first;
}

int64_t lines_a_tile(const ConvSpec& spec, int64_t bytes, int64_t products) {
  return std::min(products, (bytes / kLine + spec.tiles / 2) / spec.tiles);
}

}  // namespace sparsec::kernels
