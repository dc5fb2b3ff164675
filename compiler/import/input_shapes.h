// Static shapes for the model's inputs: dynamic dimensions get the values that the options or their defaults give.
#pragma once

#include "compiler/import/import.h"
#include "compiler/import/onnx_model.h"

namespace sparsec::importer {

// Whether the batch that was asked for is one of a model whose file says 1: shapes stay those of one picture then, and
// the graph is run for each.
bool repeats_one_picture(const OnnxModel& model, const ImportOptions& options);

// One shape for each of the model's inputs. An input of four dimensions with 3 channels is a picture. Throws
// CompileError when a dimension stays open, or when an option says other than the model's fixed dimensions.
std::vector<Shape> input_shapes(const OnnxModel& model, const ImportOptions& options);

}  // namespace sparsec::importer
