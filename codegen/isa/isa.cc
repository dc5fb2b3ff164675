// The table of ISAs, best first. AMX stands behind AVX-512 VNNI until its kernels have been run and timed on a CPU that
// has it: `--target amx` asks for it.
#include "codegen/isa/isa.h"

#include "codegen/isa/isas.h"

namespace sparsec {

const std::vector<const Isa*>& all_isas() {
  static const std::vector<const Isa*> isas{&avx512_vnni(), &amx(), &avx_vnni(), &avx2(), &scalar()};
  return isas;
}

const Isa* find_isa(std::string_view name) {
  for (const Isa* isa : all_isas())
    if (isa->name == name) return isa;
  return nullptr;
}

}  // namespace sparsec
