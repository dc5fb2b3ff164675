// What an output was made of, as Make, Ninja and CMake read it.
#pragma once

#include <string>
#include <vector>

namespace sparsec::cli {

// One rule in Make's syntax: the targets depend on the files. Spaces, `#`, `$` and `\` in names are written as GNU Make
// and Ninja undo them.
std::string depfile_text(const std::vector<std::string>& targets, const std::vector<std::string>& files);

}  // namespace sparsec::cli
