// Pictures named on the command line.
#pragma once

#include <string>
#include <vector>

namespace sparsec::cli {

// The files named, with folders standing for the pictures in them, by name. Throws CompileError where a folder cannot
// be listed or has none.
std::vector<std::string> expand_pictures(const std::vector<std::string>& named);

}  // namespace sparsec::cli
