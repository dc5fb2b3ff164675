// From a ModelImage to a library on disk or in this process.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "codegen/emit/image.h"
#include "compiler/engine/runtime_api.h"
#include "sparsec/abi.h"

namespace sparsec::engine {

struct Options {
  int threads = 0;  // for assembling; 0: as many as there are CPUs. The result does not depend on it.
};

enum class Form : uint8_t { archive, shared };

// The library's bytes. The same model gives the same bytes.
std::string build(const ModelImage& model, Form form, const Options& options = {});

// Writes the library (.so: shared, else static) and, unless `header` is empty, its header. Both or neither.
void write_library(const ModelImage& model, const std::filesystem::path& library, const std::filesystem::path& header,
                   const Options& options = {});

// Writes the C++ form: a folder, made if need be, that g++ or clang++ builds without sparsec. What an earlier compile
// wrote there and nobody changed goes, where this one does not write it (manifest.h).
void write_cpp(const ModelImage& model, const std::filesystem::path& folder);

// The readable forms: LLVM IR in one module, or assembly of everything.
std::string llvm_text(const ModelImage& model);
std::string assembly_text(const ModelImage& model);

// A shared library in this process. Closes it when the last copy goes, so models and contexts must go earlier.
class Library {
 public:
  const sparsec_model& model() const { return *model_; }
  const sparsec_runtime_api& runtime() const { return *runtime_; }

 private:
  friend Library load(const std::filesystem::path& path);
  friend Library load(const ModelImage& model, const Options& options);
  Library(std::shared_ptr<void> handle, const sparsec_model* model, const sparsec_runtime_api* runtime)
      : handle_(std::move(handle)), model_(model), runtime_(runtime) {}

  std::shared_ptr<void> file_, handle_;  // closed in the reverse order
  const sparsec_model* model_;
  const sparsec_runtime_api* runtime_;
};

// Throws a CompileError when the file is not a library that this version of sparsec made.
Library load(const std::filesystem::path& path);
Library load(const ModelImage& model, const Options& options = {});  // nothing is left on disk

}  // namespace sparsec::engine
