// The names of a detector's classes: from a file, from the model's metadata, or COCO's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparsec {

constexpr size_t kMostClasses = 100'000;

// COCO's 80 classes in YOLOv5's order.
const std::vector<std::string>& coco_names();

// A list or a dictionary by number, as Python or JSON writes them: ['person', 'bicycle'] or {0: 'person', "1":
// "bicycle"}. A number that a dictionary leaves out is its own name. Nothing when the text is neither, or gives a
// number twice.
std::optional<std::vector<std::string>> parse_class_names(std::string_view literal);

// YAML or JSON: a key `names`, as in YOLOv5's data.yaml, with a list or a dictionary by number; or either on its own.
// `nc`, if it is there, must be their count. Throws CompileError naming `path`.
std::vector<std::string> yaml_class_names(const std::string& text, const std::string& path);

// One name a line; or a list or dictionary as above; or YAML. Throws CompileError naming the file.
std::vector<std::string> read_class_names(const std::string& path);

}  // namespace sparsec
