// The ISAs, one function a file; isa.cc's table orders them.
#pragma once

#include "codegen/isa/isa.h"

namespace sparsec {

const Isa& amx();
const Isa& avx512_vnni();
const Isa& avx_vnni();
const Isa& avx2();
const Isa& scalar();

}  // namespace sparsec
