// The module lies beside the program (in a build folder), under ../lib/sparsec (installed), or two folders up (a build
// folder's tests). Beside a shared library that holds this code (a Python extension) it is looked for first.
#include "compiler/engine/backend_module.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "compiler/error.h"

namespace sparsec::engine {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> candidates() {
  std::vector<fs::path> homes;
  std::error_code ignored;
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&backend), &info) && info.dli_fname)
    homes.push_back(fs::absolute(info.dli_fname, ignored).parent_path());
  if (const fs::path program = fs::read_symlink("/proc/self/exe", ignored); !program.empty())
    homes.push_back(program.parent_path());
  std::vector<fs::path> paths;
  for (const fs::path& home : homes)
    for (const char* way : {".", "../lib/sparsec", "../.."}) paths.push_back(home / way / "libsparsec_backend.so");
  return paths;
}

const sparsec_backend* open_backend() {
  for (const fs::path& path : candidates()) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) throw CompileError(path.string() + ": " + dlerror());
    const auto get = reinterpret_cast<decltype(&sparsec_get_backend)>(dlsym(module, "sparsec_get_backend"));
    if (!get) throw CompileError(path.string() + ": not sparsec's backend; install sparsec again");
    return get();
  }
  throw CompileError(
      "libsparsec_backend.so is missing: expected beside the program or in ../lib/sparsec; install sparsec again");
}

}  // namespace

const sparsec_backend& backend() {
  static const sparsec_backend* const instance = open_backend();
  return *instance;
}

}  // namespace sparsec::engine
