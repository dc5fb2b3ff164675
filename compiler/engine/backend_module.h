// Loads libsparsec_backend.so, on first use.
#pragma once

#include <string>

#include "codegen/emit/backend/backend.h"

namespace sparsec::engine {

// Throws CompileError when the module is missing.
const sparsec_backend& backend();

// Throws for a job that the backend gave back with `message`: std::bad_alloc or a CompileError where the system refused
// it memory or room for its files, else an InternalError.
[[noreturn]] void backend_failed(const std::string& message);

}  // namespace sparsec::engine
