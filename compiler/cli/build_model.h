// From what the user typed to the compiler's options, and compiling with a sign of life.
#pragma once

#include <string>

#include "compiler/cli/options.h"
#include "compiler/compile.h"

namespace sparsec::cli {

// `load` may name the instruction set that will run: then only that one is compiled.
CompileOptions compile_options(const ModelOptions& options, const LoadOptions& load = {});

// compile() with a progress line when it takes more than a second.
Compiled compile_with_progress(const std::string& path, const CompileOptions& options);

// Shared libraries are told from models by their first bytes, not by their names.
bool is_library(const std::string& path);

// Everything of the options that shapes a library, as text: for the cache's key and its listing.
std::string fingerprint(const ModelOptions& options, const LoadOptions& load);

}  // namespace sparsec::cli
