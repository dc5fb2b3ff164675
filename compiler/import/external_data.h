// Weights that an ONNX file keeps in other files beside it.
//
// A model may come from anyone, so what it names is checked before it is opened: only plain files inside the model's
// own folder, reached without "..", absolute paths or links that lead out, and only bytes that the file has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sparsec::importer {

struct ExternalRange {
  std::string location;  // relative to the model's folder
  uint64_t offset = 0;
  std::optional<uint64_t> length;  // absent: as many as the tensor has
};

// Reads `bytes` bytes for the tensor. `where` ("model.onnx: initialiser w") starts the message of a CompileError.
std::vector<std::byte> read_external(const std::string& model_path, const ExternalRange& range, uint64_t bytes,
                                     const std::string& where);

}  // namespace sparsec::importer
