// Reads an ONNX file into an OnnxModel. Throws CompileError naming the file and what in it is wrong.
#pragma once

#include <string>

#include "compiler/import/onnx_model.h"

namespace sparsec::importer {

OnnxModel read_onnx(const std::string& path);

}  // namespace sparsec::importer
