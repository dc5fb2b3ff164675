// The commands: each adds itself to the command line, and runs when it is chosen.
#pragma once

#include <CLI/CLI.hpp>

namespace sparsec::cli {

// What a command leaves for main to return: an ExitCode.
using Result = int;

// sparsec MODEL -o LIB: on the program itself, not a subcommand. The function runs it.
std::function<Result()> add_compile(CLI::App& app);

// The others run from the subcommand's callback and leave their exit code in `result`.
void add_detect(CLI::App& app, Result& result);
void add_run(CLI::App& app, Result& result);
void add_verify(CLI::App& app, Result& result);
void add_analyze(CLI::App& app, Result& result);
void add_benchmark(CLI::App& app, Result& result);
void add_cache(CLI::App& app, Result& result);

}  // namespace sparsec::cli
