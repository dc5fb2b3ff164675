// A model as a folder of C++ that g++ or clang++ builds on a machine without sparsec.
#pragma once

#include <string>
#include <vector>

#include "codegen/emit/image.h"

namespace sparsec::emit {

struct TextFile {
  std::string path;  // relative to the folder
  std::string text;
};

// The header, the API, tables, constants, kernels (assembly as top-level asm, portable ones as C++), the runtime's
// sources, a Makefile and a CMakeLists.txt.
std::vector<TextFile> cpp_files(const ModelImage& model);

// One kernel of a Style::calls ISA as a C++ function.
std::string cpp_function(const Isa& isa, const kir::Function& function, const std::string& symbol);

}  // namespace sparsec::emit
