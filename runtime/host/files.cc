// Whole files in and out.
//
// A write goes to "<path>.<random>.tmp" in the same folder and is renamed over the target, so that a reader sees the
// old file or the new one.
#include "sparsec/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "runtime/host/temporary_watch.h"

namespace sparsec {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

std::string why(const char* action) { return std::string("cannot ") + action + ": " + std::strerror(errno); }

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(size_t(n));
  }
  return true;
}

// The permissions that an ordinary new file would get. (umask cannot be asked without setting it.)
mode_t permissions_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return info.st_mode & 07777;
  const mode_t mask = ::umask(022);
  ::umask(mask);
  return 0666 & ~mask;
}

// Standard output or error, where `info` is the file behind it; else -1.
int open_descriptor_of(const struct stat& info) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat open{};
    if (::fstat(fd, &open) == 0 && open.st_dev == info.st_dev && open.st_ino == info.st_ino) return fd;
  }
  return -1;
}

TemporaryWatch* watcher = nullptr;

std::unique_lock<TemporaryWatch> hold_temporaries() {
  return watcher ? std::unique_lock(*watcher) : std::unique_lock<TemporaryWatch>();
}

// A new file of the name that `name` becomes; -1 where there is none to be had.
int make_temporary(std::string& name) {
  const auto hold = hold_temporaries();
  const int fd = ::mkostemps(name.data(), 4, O_CLOEXEC);
  if (fd >= 0 && watcher) watcher->made(name);
  return fd;
}

bool replace(const std::string& path, const std::string& temporary) {
  const auto hold = hold_temporaries();
  if (::rename(temporary.c_str(), path.c_str()) != 0) return false;
  if (watcher) watcher->gone(temporary);
  return true;
}

void remove_temporary(const std::string& temporary) {
  const auto hold = hold_temporaries();
  ::unlink(temporary.c_str());
  if (watcher) watcher->gone(temporary);
}

}  // namespace

void watch_temporaries(TemporaryWatch* watch) { watcher = watch; }

std::vector<uint8_t> read_file(const std::string& path, int64_t limit) {
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe without a writer must not block
  if (file.get() < 0) throw FileError(path, why("open"));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) throw FileError(path, why("open"));
  if (S_ISDIR(info.st_mode)) throw FileError(path, "is a folder, not a file");
  if (!S_ISREG(info.st_mode)) throw FileError(path, "is not an ordinary file");
  if (info.st_size > limit) {
    throw FileError(path,
                    "has " + std::to_string(info.st_size) + " bytes; at most " + std::to_string(limit) + " are read");
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(info.st_size));
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw FileError(path, why("read"));
    if (n == 0) break;  // it shrank meanwhile
    filled += size_t(n);
  }
  bytes.resize(filled);
  return bytes;
}

std::string follow_links(std::string path) {
  for (int steps = 0; steps < 40; ++steps) {  // as many as the kernel follows
    std::error_code no_link;
    const std::filesystem::path target = std::filesystem::read_symlink(path, no_link);
    if (no_link) return path;
    path = (std::filesystem::path(path).parent_path() / target).string();
  }
  throw FileError(path, "cannot write: too many symbolic links");
}

void write_file(const std::string& name, std::span<const uint8_t> bytes) {
  struct stat info{};
  if (::stat(name.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) throw FileError(name, "cannot write: is a folder");
    if (const int fd = open_descriptor_of(info); fd >= 0) {
      std::fflush(nullptr);  // what was printed before comes before
      if (!write_all(fd, bytes)) throw FileError(name, why("write"));
      return;
    }
    if (!S_ISREG(info.st_mode)) {  // a device such as /dev/null is written, never replaced
      const Descriptor device(::open(name.c_str(), O_WRONLY | O_CLOEXEC));
      if (device.get() < 0 || !write_all(device.get(), bytes)) throw FileError(name, why("write"));
      return;
    }
  }
  const std::string path = follow_links(name);
  std::string temporary = path + ".XXXXXX.tmp";
  Descriptor file(make_temporary(temporary));
  if (file.get() < 0) throw FileError(path, why("write"));
  bool ok = write_all(file.get(), bytes) && ::fchmod(file.get(), permissions_of(path)) == 0;
  ok = ::close(file.release()) == 0 && ok;
  ok = ok && replace(path, temporary);
  if (!ok) {
    const std::string problem = why("write");
    remove_temporary(temporary);
    throw FileError(path, problem);
  }
}

void write_file(const std::string& path, std::string_view text) {
  write_file(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace sparsec
