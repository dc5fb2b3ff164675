// Where a command writes: asked before the work, not after it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sparsec::cli {

// The outputs of one command, by what the user called them ("--report"); empty paths are left out.
using Outputs = std::vector<std::pair<std::string, std::string>>;

// Throws CompileError where an output's folder is missing or takes no file, where an output is one of the `inputs`
// (empty ones are left out), and where two outputs are one file.
void check_outputs(const Outputs& outputs, const std::vector<std::string>& inputs);

// The path without links, `.` and `..`, whether the file is there or not: equal for two names of one file.
std::string real_path(const std::string& path);
bool same_file(const std::string& a, const std::string& b);

}  // namespace sparsec::cli
