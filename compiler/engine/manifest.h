// What a compile wrote into a folder of sources, so that the next one can take away what it no longer writes.
//
// The list lies in the folder as sparsec.sha256, in the form that `sha256sum -c` reads. A file that was changed since
// is no longer the compiler's, and stays.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "codegen/emit/cpp.h"

namespace sparsec::engine {

inline constexpr const char* kManifest = "sparsec.sha256";

std::string manifest_of(const std::vector<emit::TextFile>& files);

// Those files of the folder's manifest that are as they were written and that `files` does not have.
std::vector<std::filesystem::path> left_over(const std::filesystem::path& folder,
                                             const std::vector<emit::TextFile>& files);

// Also the folders within `folder` that are empty without them. What cannot be removed stays.
void remove_left_over(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& files);

}  // namespace sparsec::engine
