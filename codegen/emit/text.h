// Small helpers for what is printed into comments, which may come out of a model file and hold anything.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "codegen/emit/tables.h"

namespace sparsec::emit {

// Printable ASCII on one line: other bytes become '?', and no comment can end inside.
std::string one_line(std::string_view text);

// A layer's name, comment, plan and what it calls that is not printed below it, one line each, every line behind
// `mark`:
// "# /model.4/cv1/conv/Conv".
std::string layer_comment(std::string_view mark, const LayerKernels& layer);

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& line);

// A string literal's inside for C: quotes, backslashes and bytes beyond ASCII escaped.
std::string c_escaped(std::string_view text);

}  // namespace sparsec::emit
