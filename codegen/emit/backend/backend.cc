// The backend's narrative: every unit becomes an object (in parallel), the objects become one, and that one becomes a
// library.
#include "codegen/emit/backend/backend.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "codegen/emit/backend/internal.h"

namespace sparsec::backend {
namespace {

Bytes object_of(llvm::StringRef triple, const sparsec_unit& unit) {
  const llvm::StringRef text(unit.data, unit.size);
  switch (unit.kind) {
    case SPARSEC_UNIT_ASSEMBLY:
      return assemble(triple, unit.features ? unit.features : "", unit.name, text);
    case SPARSEC_UNIT_IR:
      return compile_ir(triple, unit.name, text, Output::object);
    case SPARSEC_UNIT_BYTES:
      return object_of_bytes(triple, unit.name, text);
    case SPARSEC_UNIT_OBJECT:
      break;
  }
  throw std::runtime_error("not a unit to compile");
}

// Threads take the next unit until none is left. Objects keep their units' order, so the result does not depend on the
// threads.
std::vector<Bytes> objects_of(const sparsec_build& job) {
  std::vector<const sparsec_unit*> units;
  for (const sparsec_unit& unit : llvm::ArrayRef(job.units, job.n_units))
    if (unit.kind != SPARSEC_UNIT_OBJECT) units.push_back(&unit);
  std::vector<Bytes> objects(units.size());
  std::vector<std::exception_ptr> failures(units.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i; (i = next.fetch_add(1)) < units.size();) {
      try {
        objects[i] = object_of(job.triple, *units[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < job.threads && static_cast<size_t>(i) < units.size(); ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  return objects;
}

// The objects that came ready, as an archive: the linker takes of it what the others need.
std::vector<ArchiveMember> ready_objects(const sparsec_build& job) {
  std::vector<ArchiveMember> members;
  for (const sparsec_unit& unit : llvm::ArrayRef(job.units, job.n_units))
    if (unit.kind == SPARSEC_UNIT_OBJECT) members.push_back({unit.name, {unit.data, unit.size}});
  return members;
}

Bytes build(const sparsec_build& job) {
  std::vector<Bytes> objects = objects_of(job);
  if (const auto ready = ready_objects(job); !ready.empty()) objects.push_back(archive(ready));
  if (job.form == SPARSEC_FORM_SHARED) return link_shared(job.folder, job.triple, job.name, objects);
  const Bytes merged = keep_api(job.name, text_of(merge(job.folder, objects)));
  return archive(ArchiveMember{std::string(job.name) + ".o", text_of(merged)});
}

void give(sparsec_bytes* result, llvm::StringRef bytes) {
  result->data = static_cast<char*>(std::malloc(bytes.size() + 1));
  result->size = result->data ? bytes.size() : 0;
  if (!result->data) return;
  std::memcpy(result->data, bytes.data(), bytes.size());
  result->data[bytes.size()] = 0;
}

template <class Stage>
int guarded(sparsec_bytes* result, const Stage& stage) {
  static std::once_flag once;
  std::call_once(once, initialise_targets);
  try {
    give(result, text_of(stage()));
    return 1;
  } catch (const std::exception& failure) {
    give(result, failure.what());
    return 0;
  }
}

int build_job(const sparsec_build* job, sparsec_bytes* result) {
  return guarded(result, [&] { return build(*job); });
}

int assembly_of_ir(const char* triple, const char* text, size_t size, sparsec_bytes* result) {
  return guarded(result, [&] { return compile_ir(triple, "module", {text, size}, Output::assembly); });
}

void release(sparsec_bytes* bytes) {
  std::free(bytes->data);
  *bytes = {};
}

}  // namespace
}  // namespace sparsec::backend

__attribute__((visibility("default"))) const sparsec_backend* sparsec_get_backend(void) {
  static constexpr sparsec_backend backend = {sparsec::backend::build_job, sparsec::backend::assembly_of_ir,
                                              sparsec::backend::release};
  return &backend;
}
