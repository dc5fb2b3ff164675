// Reads an ONNX file into an OnnxModel. Everything here throws CompileError naming the file and what in it is wrong.
#pragma once

#include <string>
#include <vector>

#include "compiler/import/onnx_model.h"

namespace sparsec::importer {

OnnxModel read_onnx(const std::string& path);

// Where its external data is, each file once: as the model says it, unread and unchecked.
std::vector<std::string> external_files(const std::string& path);

}  // namespace sparsec::importer
