// From what the user typed to the compiler's options, and compiling with a sign of life.
#pragma once

#include <string>
#include <vector>

#include "compiler/cli/options.h"
#include "compiler/compile.h"

namespace sparsec::cli {

// `load` may name the instruction set that will run: then only that one is compiled. Throws UsageError where it is none
// of the targets that the user gave.
CompileOptions compile_options(const ModelOptions& options, const LoadOptions& load = {});

// The same for a model that is not written to a library: named after its file.
CompileOptions options_for(const std::string& path, const ModelOptions& options, const LoadOptions& load = {});

// Throws UsageError where --target names instruction sets of several architectures: no library holds them.
void check_one_architecture(const ModelOptions& options);

// The files that MODEL and its options read, its external weights too: what an output must not replace, and what a
// library is made of. Throws CompileError where the model cannot be read.
std::vector<std::string> files_read(const std::string& model, const ModelOptions& options);

// compile() with a progress line when it takes more than a second.
Compiled compile_with_progress(const std::string& path, const CompileOptions& options);

// Throws CompileError where the file is a library. Libraries are told from models by their first bytes, not by their
// names.
void require_onnx(const std::string& path);

// Whether MODEL is a shared library, ready to run, and no model to compile. Throws CompileError where the user gave
// options that shape what is compiled, which a library is already, and for a static library, which cannot be run.
bool is_ready_to_run(const std::string& path, const ModelOptions& options);

}  // namespace sparsec::cli
