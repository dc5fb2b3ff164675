// The names of a detector's classes: from a file, from the model's metadata, or COCO's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparsec {

// COCO's 80 classes in YOLOv5's order.
const std::vector<std::string>& coco_names();

// A list or a dictionary by number, as Python or JSON writes them: ['person', 'bicycle'] or {0: 'person', "1":
// "bicycle"}. A number that a dictionary leaves out is its own name. Nothing when the text is neither.
std::optional<std::vector<std::string>> parse_class_names(std::string_view literal);

// One name a line; or a list or dictionary as above; or YAML with a `names` key, as YOLOv5's data.yaml. Throws
// CompileError naming the file.
std::vector<std::string> read_class_names(const std::string& path);

}  // namespace sparsec
