// What an output was made of, as Make, Ninja and CMake read it.
#pragma once

#include <string>
#include <vector>

namespace sparsec::cli {

// Whether Make, Ninja and CMake, which rewrites depfiles, all read the name as it is written: colons, quotes and the
// like end it or break the file.
bool is_trackable(const std::string& file);

// One rule in Make's syntax: the targets depend on the files. Spaces, `#` and `$` in names are written as GNU Make and
// Ninja undo them.
std::string depfile_text(const std::vector<std::string>& targets, const std::vector<std::string>& files);

}  // namespace sparsec::cli
