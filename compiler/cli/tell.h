// A line to the user on standard error.
//
// Where it cannot be written nobody reads it: the command goes on, and ends with the exit code that it would have had.
#pragma once

#include <string_view>

namespace sparsec::cli {

void tell(std::string_view message);

// Fills the standard streams that the caller closed, so that no file which a command opens becomes one of them and
// takes messages in. What is written to a closed standard output still fails.
void fill_standard_streams();

}  // namespace sparsec::cli
