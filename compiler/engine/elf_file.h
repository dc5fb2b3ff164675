// Whether a file is a whole shared library.
#pragma once

#include <filesystem>

namespace sparsec::engine {

// Throws a CompileError where `path` is no 64-bit ELF library or ends before what its header promises.
void check_whole(const std::filesystem::path& path);

}  // namespace sparsec::engine
