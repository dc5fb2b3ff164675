// Options stand behind the command that they are for.
//
// The compiler is the program itself and shares many options with its commands, so that the parser takes them before a
// command too, where nobody would look at them.
#pragma once

#include <CLI/CLI.hpp>

#include "compiler/cli/words.h"

namespace sparsec::cli {

// After parsing: throws UsageError where `app` got an option or a model of its own and a command too. `words` tell how
// the user wrote it.
void check_placement(const CLI::App& app, const Words& words);

}  // namespace sparsec::cli
