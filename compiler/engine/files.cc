// Write beside, then rename: a reader never sees half a file, and an interrupted compile leaves the old one.
#include "compiler/engine/files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "compiler/error.h"
#include "sparsec/files.h"

namespace sparsec::engine {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  throw CompileError(path.string() + ": cannot write: " + std::strerror(error));
}

// 0 or the error.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

}  // namespace

void Output::add(const fs::path& named, std::string_view bytes) {
  const fs::path path = follow_links(named.string());
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) cannot_write(path, EISDIR);
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
    throw CompileError(path.string() + ": cannot write: not a regular file");
  int descriptor = -1;
  std::optional<Temporary> temporary = Temporary::file_beside(path, &descriptor);
  if (!temporary) cannot_write(path, errno);
  files_.push_back({path, *std::move(temporary)});
  int error = write_all(descriptor, bytes);
  if (close(descriptor) != 0 && !error) error = errno;
  if (error) cannot_write(path, error);
}

void Output::commit() {
  const std::lock_guard hold(Temporaries::instance());  // a signal ends the process before all or behind all
  for (File& file : files_)
    if (!file.temporary.rename_to(file.path)) cannot_write(file.path, errno);
  files_.clear();
}

void write_file(const fs::path& path, std::string_view bytes) {
  Output output;
  output.add(path, bytes);
  output.commit();
}

}  // namespace sparsec::engine
