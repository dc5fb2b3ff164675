// Loads libsparsec_backend.so, on first use.
#pragma once

#include "codegen/emit/backend/backend.h"

namespace sparsec::engine {

// Throws CompileError when the module is missing.
const sparsec_backend& backend();

}  // namespace sparsec::engine
