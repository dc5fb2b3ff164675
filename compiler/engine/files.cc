// Write beside, then rename: a reader never sees half a file, and an interrupted compile leaves the old one.
#include "compiler/engine/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "compiler/error.h"

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

// What open() with mode 0666 would give.
mode_t default_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Output::~Output() {
  for (const File& file : files_) unlink(file.temporary.c_str());
}

void Output::add(const fs::path& path, std::string_view bytes) {
  if (fs::is_directory(path)) cannot_write(path, EISDIR);
  std::string name = path.string() + ".XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) cannot_write(path, errno);
  files_.push_back({path, name});
  int error = write_all(descriptor, bytes);
  if (!error && fchmod(descriptor, default_mode()) != 0) error = errno;
  if (close(descriptor) != 0 && !error) error = errno;
  if (error) cannot_write(path, error);
}

void Output::commit() {
  for (const File& file : files_)
    if (rename(file.temporary.c_str(), file.path.c_str()) != 0) cannot_write(file.path, errno);
  files_.clear();
}

void write_file(const fs::path& path, std::string_view bytes) {
  Output output;
  output.add(path, bytes);
  output.commit();
}

}  // namespace sparsec::engine
