// Write beside, then rename: a reader never sees half a file, and an interrupted compile leaves the old one.
#include "compiler/engine/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

// A new file beside `path`, with the permissions that the user's umask gives; -1 when there is none to be had.
int open_beside(const fs::path& path, std::string* name) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    *name = path.string() + "." + std::to_string(getpid()) + "." + std::to_string(attempt) + ".tmp";
    const int descriptor = open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

}  // namespace

Output::~Output() {
  for (const File& file : files_) unlink(file.temporary.c_str());
}

void Output::add(const fs::path& named, std::string_view bytes) {
  const fs::path path = follow_links(named.string());
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) cannot_write(path, EISDIR);
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
    throw CompileError(path.string() + ": cannot write: not a regular file");
  std::string name;
  const int descriptor = open_beside(path, &name);
  if (descriptor < 0) cannot_write(path, errno);
  files_.push_back({path, name});
  int error = write_all(descriptor, bytes);
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
