// Names of models: C identifiers that symbols, headers and namespaces begin with.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sparsec::cli {

// libYolo-v5.a -> yolo_v5, libtime.a -> model_time; empty where the file's name has no letter or digit that C takes.
std::string name_from_path(const std::filesystem::path& path);

// Whether a header of C or POSIX is called so, or declares it.
bool is_taken_by_c(std::string_view name);

// Throw UsageError naming `option`.
void check_name(const std::string& option, std::string_view name);
void check_namespace(const std::string& option, std::string_view name);  // may be nested: a::b

}  // namespace sparsec::cli
