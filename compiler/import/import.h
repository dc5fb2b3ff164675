// From an ONNX file to a Graph in the real dialect.
//
// Everything that depends on shapes is computed here, so the Graph has static shapes and no shape arithmetic. Integer
// operators (QLinearConv, ConvInteger...) become Dequantize, the float operator and Quantize. Signed activations are
// stored as unsigned ones, 128 higher; unsigned weights as signed ones, 128 lower. Throws CompileError with one line
// that names the file and the node.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "compiler/ir/graph.h"

namespace sparsec {

struct ImportOptions {
  std::optional<int64_t> batch;                       // pictures per run; a dynamic batch is 1 otherwise
  std::optional<std::array<int64_t, 2>> input_shape;  // rows, columns; a dynamic picture is 640x640 otherwise
  std::string class_names_file;                       // empty: the names in the model's metadata, if any
  std::function<void(const std::string& line)> on_warning = {};  // told what is odd and yet no error
};

Graph import_onnx(const std::string& path, const ImportOptions& options);

}  // namespace sparsec
