// The forms for people: a folder of C++, an LLVM module, an assembly file.
#include "codegen/emit/cpp.h"
#include "codegen/emit/llvm.h"
#include "compiler/engine/backend_module.h"
#include "compiler/engine/engine.h"
#include "compiler/engine/files.h"
#include "compiler/error.h"

namespace sparsec::engine {

void write_cpp(const ModelImage& model, const std::filesystem::path& folder) {
  Output output;
  for (const emit::TextFile& file : emit::cpp_files(model)) {
    const std::filesystem::path path = folder / file.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw CompileError(path.parent_path().string() + ": cannot make this folder: " + error.message());
    output.add(path, file.text);
  }
  output.commit();
}

std::string llvm_text(const ModelImage& model) { return emit::llvm_module(model); }

std::string assembly_text(const ModelImage& model) {
  const std::string module = emit::tables_module(model);
  sparsec_bytes result;
  const bool done = backend().assembly_of_ir(emit::triple_of(model).c_str(), module.data(), module.size(), &result);
  std::string text(result.data ? result.data : "", result.size);
  backend().release(&result);
  SPARSEC_CHECK(done, text);
  return emit::assembly_of_kernels(model) + emit::with_layer_comments(model, text);
}

}  // namespace sparsec::engine
