// dlopen and a look at what came: the library must say which model it holds and speak this version's tables.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "codegen/emit/llvm.h"
#include "compiler/engine/elf_file.h"
#include "compiler/engine/engine.h"
#include "compiler/error.h"

namespace sparsec::engine {
namespace {

[[noreturn]] void no_memory_file() {
  throw CompileError(std::string("cannot load a model into memory: ") + std::strerror(errno));
}

// A file without a place on disk that holds the bytes.
int memory_file(const std::string& name, std::string_view bytes) {
  const int descriptor = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) no_memory_file();
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close(descriptor);
      no_memory_file();
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return descriptor;
}

}  // namespace

Library load(const std::filesystem::path& path) {
  // of another machine's, dlopen says only that there is no such file
  const std::string_view made_for = check_whole(path), here = architecture_of(host_triple());
  if (!made_for.empty() && made_for != here)
    throw CompileError(path.string() + ": is a library for " + std::string(made_for) + ", and this machine is " +
                       std::string(here));
  // Without a slash dlopen would search the system's folders.
  const std::string name = path.has_parent_path() ? path.string() : "./" + path.string();
  void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw CompileError(path.string() + ": cannot load: " + dlerror());
  std::shared_ptr<void> owner(handle, [](void* h) { dlclose(h); });
  const auto get_model = reinterpret_cast<const sparsec_model* (*)()>(dlsym(handle, "sparsec_get_model"));
  const auto get_runtime = reinterpret_cast<const sparsec_runtime_api* (*)()>(dlsym(handle, "sparsec_get_runtime_2"));
  if (!get_model) throw CompileError(path.string() + ": not a library that sparsec made");
  const sparsec_model* model = get_model();
  if (model->abi_version != SPARSEC_ABI_VERSION)
    throw CompileError(path.string() + ": made by " + model->compiler + " with tables of version " +
                       std::to_string(model->abi_version) + "; this sparsec needs version " +
                       std::to_string(SPARSEC_ABI_VERSION) + ": compile the model again");
  if (!get_runtime)
    throw CompileError(path.string() + ": made by " + model->compiler +
                       " with a runtime that this sparsec does not know: compile the model again");
  return Library(std::move(owner), model, get_runtime());
}

// The file stays open as long as the library: dlopen knows libraries by their names, and the name holds the
// descriptor's number.
Library load(const ModelImage& model, const Options& options) {
  const std::string triple = emit::triple_of(model);
  if (architecture_of(triple) != architecture_of(host_triple()))
    throw CompileError((model.source.empty() ? model.name : model.source) + ": compiled for " +
                       std::string(architecture_of(triple)) + ", and this machine is " +
                       std::string(architecture_of(host_triple())) +
                       ": it cannot run here, but `sparsec verify` can interpret it");
  const int descriptor = memory_file(model.name, build(model, Form::shared, options));
  const std::shared_ptr<void> file(nullptr, [descriptor](void*) { close(descriptor); });
  Library library = load("/proc/self/fd/" + std::to_string(descriptor));
  library.file_ = file;
  return library;
}

}  // namespace sparsec::engine
