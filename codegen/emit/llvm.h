// A model as text and bytes for the backend, or as LLVM IR for readers.
#pragma once

#include <string>
#include <vector>

#include "codegen/emit/image.h"

namespace sparsec::emit {

// One piece of the library that is assembled or compiled on its own.
struct Unit {
  enum class Kind : uint8_t { assembly, ir, bytes };
  Kind kind;
  std::string name;  // for messages; of bytes: the symbol
  std::string text;
  std::string features;  // assembly: beyond the baseline, as LLVM names them
};

// The whole model but for the runtime. A shared library also exports sparsec_get_model and sparsec_get_runtime_2, which
// two static libraries in one program could not.
std::vector<Unit> units_of(const ModelImage& model, bool shared);

// `--emit llvm`: one module that holds everything, kernels in module asm.
std::string llvm_module(const ModelImage& model);

// The kernels of assembly ISAs, a comment per layer. With the assembly of tables_module, what `--emit asm` prints.
std::string assembly_of_kernels(const ModelImage& model);

// Tables, API and portable kernels, without constants and assembly kernels.
std::string tables_module(const ModelImage& model);

// The assembly that LLVM made of tables_module, which drops comments, with those of the layers above their kernels.
std::string with_layer_comments(const ModelImage& model, const std::string& assembly);

// LLVM's target triple of the model's programs.
std::string triple_of(const ModelImage& model);

// One kernel of a Style::calls ISA as an IR function.
std::string ir_function(const Isa& isa, const kir::Function& function, const std::string& symbol);

}  // namespace sparsec::emit
