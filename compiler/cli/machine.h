// The machine that measures: what a figure means nothing without.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace sparsec::cli {

std::string cpu_name();
std::vector<std::string> cpu_features();  // of those that sparsec's instruction sets ask for: "avx2"

// CPU, features, caches, operating system, load.
nlohmann::ordered_json machine_json();

// Says so when this program was built with checks.
inline constexpr bool kCheckedBuild =
#ifdef NDEBUG
    false;
#else
    true;
#endif

}  // namespace sparsec::cli
