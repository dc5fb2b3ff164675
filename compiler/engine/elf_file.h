// What an ELF header says of a shared library, before it is mapped.
#pragma once

#include <filesystem>
#include <string_view>

namespace sparsec::engine {

// The architecture that the library is for, as in a target triple; empty for one that sparsec does not know. Throws a
// CompileError where `path` is no 64-bit ELF library or ends before what its header promises.
std::string_view check_whole(const std::filesystem::path& path);

}  // namespace sparsec::engine
