// Looks up embedded files and fills their @SLOTS@.
#include "codegen/emit/resources.h"

#include <algorithm>
#include <set>

#include "compiler/error.h"

namespace sparsec {
namespace {

// A slot is @NAME@ with a name in capitals, digits and underscores.
bool is_slot_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

const std::vector<Resource>& object_resources(std::string_view architecture) {
  if (architecture == "x86_64") return object_resources_x86_64();
  if (architecture == "aarch64") return object_resources_aarch64();
  SPARSEC_CHECK(false, "no runtime for " + std::string(architecture));
}

std::string_view source_resource(std::string_view name) {
  for (const Resource& resource : source_resources())
    if (resource.name == name) return resource.data;
  SPARSEC_CHECK(false, "no embedded file " + std::string(name));
}

std::string fill_template(std::string_view name, const std::vector<std::pair<std::string_view, std::string>>& slots) {
  std::string_view rest = source_resource(name);
  std::set<std::string_view> used;
  std::string out;
  while (true) {
    const size_t open = rest.find('@');
    const size_t close = open == rest.npos ? rest.npos : rest.find('@', open + 1);
    if (close == rest.npos) break;
    const std::string_view key = rest.substr(open + 1, close - open - 1);
    out += rest.substr(0, open);
    if (!is_slot_name(key)) {  // a lone @, as LLVM's globals have it
      out += '@';
      rest.remove_prefix(open + 1);
      continue;
    }
    const auto slot = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.first == key; });
    SPARSEC_CHECK(slot != slots.end(), std::string(name) + " has an unknown slot " + std::string(key));
    used.insert(slot->first);
    out += slot->second;
    rest.remove_prefix(close + 1);
  }
  out += rest;
  for (const auto& [key, value] : slots)
    SPARSEC_CHECK(used.contains(key), std::string(name) + " has no slot " + std::string(key));
  return out;
}

}  // namespace sparsec
