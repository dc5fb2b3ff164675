// Units from the emitters, objects of the runtime, one job for the backend.
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "codegen/emit/header.h"
#include "codegen/emit/llvm.h"
#include "codegen/emit/resources.h"
#include "compiler/engine/backend_module.h"
#include "compiler/engine/engine.h"
#include "compiler/engine/files.h"
#include "compiler/engine/temporaries.h"
#include "compiler/error.h"

namespace sparsec::engine {
namespace {

sparsec_unit_kind kind_of(emit::Unit::Kind kind) {
  switch (kind) {
    case emit::Unit::Kind::assembly:
      return SPARSEC_UNIT_ASSEMBLY;
    case emit::Unit::Kind::ir:
      return SPARSEC_UNIT_IR;
    case emit::Unit::Kind::bytes:
      return SPARSEC_UNIT_BYTES;
  }
  SPARSEC_CHECK(false, "unknown kind of unit");
}

int thread_count(const Options& options) {
  if (options.threads > 0) return options.threads;
  const unsigned cpus = std::thread::hardware_concurrency();
  return cpus > 0 ? static_cast<int>(cpus) : 1;
}

// The runtime as objects. Those of another architecture are there if its compiler was when sparsec was built.
const std::vector<Resource>& runtime_objects(const std::string& triple) {
  const std::string architecture(architecture_of(triple));
  const std::vector<Resource>& objects = object_resources(architecture);
  if (objects.empty())
    throw CompileError("no runtime for " + architecture +
                       " in this sparsec, which was built without the cross compiler " + architecture +
                       "-linux-gnu-g++: use --emit cpp, or install it (Debian: g++-" +
                       (architecture == "x86_64" ? "x86-64" : architecture) + "-linux-gnu) and build sparsec again");
  return objects;
}

std::string temporary_folder() {
  const char* set = std::getenv("TMPDIR");
  return set && *set ? set : "/tmp";
}

// The linker maps its output, in the temporary folder, into memory: there a full disk would be a signal, so it is asked
// before. Code is about a quarter of its text.
void check_room(const std::string& folder, const std::vector<sparsec_unit>& units) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return;  // what it cannot tell, linking will
  uint64_t needed = 0;
  for (const sparsec_unit& unit : units) {
    const bool text = unit.kind == SPARSEC_UNIT_ASSEMBLY || unit.kind == SPARSEC_UNIT_IR;
    needed += unit.size / (text ? 4 : 1);
  }
  const uint64_t there = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (disk.f_blocks > 0 && there < needed)
    throw CompileError(folder + ": has " + std::to_string(there >> 20) + " MB left, and linking takes about " +
                       std::to_string((needed >> 20) + 1) + "; let TMPDIR name another folder");
}

// A folder for the linker, which goes with what is in it.
Temporary linking_folder() {
  const std::string parent = temporary_folder();
  std::optional<Temporary> folder = Temporary::folder(parent + "/sparsec-link-XXXXXX");
  if (!folder)
    throw CompileError(parent + ": cannot hold temporary files: " + std::strerror(errno) +
                       "; let TMPDIR name another folder");
  return *std::move(folder);
}

}  // namespace

std::string build(const ModelImage& model, Form form, const Options& options) {
  const std::vector<emit::Unit> texts = emit::units_of(model, form == Form::shared);
  std::vector<sparsec_unit> units;
  for (const emit::Unit& unit : texts)
    units.push_back({kind_of(unit.kind), unit.name.c_str(), unit.text.data(), unit.text.size(), unit.features.c_str()});
  const std::string triple = emit::triple_of(model);
  const std::vector<Resource>& runtime = runtime_objects(triple);
  std::vector<std::string> names;
  names.reserve(runtime.size());
  for (const Resource& object : runtime) {
    names.emplace_back(object.name);
    units.push_back({SPARSEC_UNIT_OBJECT, names.back().c_str(), object.data.data(), object.data.size(), ""});
  }
  const Temporary folder = linking_folder();
  check_room(folder.path(), units);
  const sparsec_build job = {.name = model.name.c_str(),
                             .triple = triple.c_str(),
                             .units = units.data(),
                             .n_units = units.size(),
                             .form = form == Form::shared ? SPARSEC_FORM_SHARED : SPARSEC_FORM_ARCHIVE,
                             .threads = thread_count(options),
                             .folder = folder.path().c_str()};
  sparsec_bytes result;
  const bool done = backend().build(&job, &result);
  std::string bytes(result.data ? result.data : "", result.size);
  backend().release(&result);
  if (!done) backend_failed(bytes);
  return bytes;
}

void write_library(const ModelImage& model, const std::filesystem::path& library, const std::filesystem::path& header,
                   const Options& options) {
  Output output;
  output.add(library, build(model, library.extension() == ".so" ? Form::shared : Form::archive, options));
  if (!header.empty()) output.add(header, emit::header_of(model));
  output.commit();
}

}  // namespace sparsec::engine
