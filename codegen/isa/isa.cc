// The table of ISAs, best first.
#include "codegen/isa/isa.h"

#include "codegen/isa/isas.h"

namespace sparsec {

const std::vector<const Isa*>& all_isas() {
  static const std::vector<const Isa*> isas{&amx(), &avx512_vnni(), &avx_vnni(), &avx2(), &scalar()};
  return isas;
}

const Isa* find_isa(std::string_view name) {
  for (const Isa* isa : all_isas())
    if (isa->name == name) return isa;
  return nullptr;
}

}  // namespace sparsec
