// Numbers on the command line: finite, in a range, and nothing else in the word. What every option of a number checks.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparsec::cli {

CLI::Validator number(double least, double most);
CLI::Validator whole_number(int64_t least, int64_t most);

// From one to `most_count` whole numbers with commas between them.
CLI::Validator whole_numbers(size_t most_count, int64_t least, int64_t most);

// "1,2.5" as 1 and 2.5; nothing where a part is no finite number.
std::optional<std::vector<double>> numbers_in(std::string_view text);

}  // namespace sparsec::cli
