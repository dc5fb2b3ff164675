// Static shapes for the model's inputs: dynamic dimensions get the values that the options or their defaults give.
#pragma once

#include "compiler/import/import.h"
#include "compiler/import/onnx_model.h"

namespace sparsec::importer {

// One shape for each of the model's inputs. An input of four dimensions with 3 channels is a picture. Throws
// CompileError when a dimension stays open, or when an option says other than the model's fixed dimensions.
std::vector<Shape> input_shapes(const OnnxModel& model, const ImportOptions& options);

}  // namespace sparsec::importer
