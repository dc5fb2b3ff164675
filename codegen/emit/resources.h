// Files that travel inside the program (cmake/embed.cmake): templates, the runtime's sources for the C++ form, the
// runtime's objects for libraries.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparsec {

struct Resource {
  std::string_view name;  // "templates/model.h.in"
  std::string_view data;  // followed by a zero byte
};

const std::vector<Resource>& source_resources();  // templates/ and what of runtime/ goes into a C++ folder
// runtime/core, compiled for an architecture ("aarch64"); empty when sparsec was built without a compiler for it.
const std::vector<Resource>& object_resources(std::string_view architecture);
const std::vector<Resource>& object_resources_x86_64();
const std::vector<Resource>& object_resources_aarch64();

std::string_view source_resource(std::string_view name);

// Replaces each @KEY@ of a template. Every slot must be given, and every given key used.
std::string fill_template(std::string_view name, const std::vector<std::pair<std::string_view, std::string>>& slots);

}  // namespace sparsec
