// The forms for people: a folder of C++, an LLVM module, an assembly file.
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "codegen/emit/cpp.h"
#include "codegen/emit/llvm.h"
#include "compiler/engine/backend_module.h"
#include "compiler/engine/engine.h"
#include "compiler/engine/files.h"
#include "compiler/engine/manifest.h"
#include "compiler/error.h"

namespace sparsec::engine {

namespace {

// Folders that were made for files, and go again where those did not come.
class MadeFolders {
 public:
  MadeFolders() = default;
  MadeFolders(const MadeFolders&) = delete;
  MadeFolders& operator=(const MadeFolders&) = delete;
  ~MadeFolders() {
    while (!made_.empty()) made_.pop_back();  // the inner ones first
  }

  void make(const std::filesystem::path& folder) {
    std::error_code error;
    if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
    make(folder.parent_path());
    std::optional<Temporary> made = Temporary::empty_folder(folder.string());
    if (made) {
      made_.push_back(*std::move(made));
    } else if (const int refusal = errno; !std::filesystem::is_directory(folder, error)) {
      throw CompileError(folder.string() + ": cannot make this folder: " + std::strerror(refusal));
    }
  }

 private:
  std::vector<Temporary> made_;
};

}  // namespace

void write_cpp(const ModelImage& model, const std::filesystem::path& folder) {
  MadeFolders folders;
  Output output;
  std::vector<emit::TextFile> files = emit::cpp_files(model);
  files.push_back({kManifest, manifest_of(files)});
  const std::vector<std::filesystem::path> old = left_over(folder, files);
  for (const emit::TextFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    folders.make(path.parent_path());
    output.add(path, file.text);
  }
  const std::lock_guard hold(Temporaries::instance());  // a signal finds the old sources or the new, and no mixture
  output.commit();
  remove_left_over(folder, old);
}

std::string llvm_text(const ModelImage& model) { return emit::llvm_module(model); }

std::string assembly_text(const ModelImage& model) {
  const std::string module = emit::tables_module(model);
  sparsec_bytes result;
  const bool done = backend().assembly_of_ir(emit::triple_of(model).c_str(), module.data(), module.size(), &result);
  std::string text(result.data ? result.data : "", result.size);
  backend().release(&result);
  if (!done) backend_failed(text);
  return emit::assembly_of_kernels(model) + emit::with_layer_comments(model, text);
}

}  // namespace sparsec::engine
