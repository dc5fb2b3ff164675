// A temporary is made and listed under one lock, and leaves the list under the lock under which it goes: so whoever
// holds the lock knows every temporary that is there.
#include "compiler/engine/temporaries.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace sparsec::engine {
namespace {

namespace fs = std::filesystem;

// A linker that still runs may put one more file into the folder meanwhile; once it is gone, none can.
void remove_folder(const std::string& path) noexcept {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    try {
      std::error_code error;
      fs::remove_all(path, error);
      if (!error) return;
    } catch (const std::exception&) {  // no memory
      continue;
    }
  }
}

void remove(const std::string& path, Temporaries::Kind kind) noexcept {
  switch (kind) {
    case Temporaries::Kind::file:
      unlink(path.c_str());
      break;
    case Temporaries::Kind::empty_folder:
      rmdir(path.c_str());
      break;
    case Temporaries::Kind::folder:
      remove_folder(path);
      break;
  }
}

}  // namespace

// Never destroyed: a signal may come when the process is at its end already.
Temporaries& Temporaries::instance() {
  static Temporaries* const all = new Temporaries;
  return *all;
}

void Temporaries::add(const std::string& path, Kind kind) noexcept {
  const std::lock_guard hold(mutex_);
  try {
    entries_.push_back({path, kind});
  } catch (const std::exception&) {
    return;  // no memory: the owner removes it all the same, if no signal comes before
  }
}

void Temporaries::gone(const std::string& path) noexcept {
  const std::lock_guard hold(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.path == path; });
}

void Temporaries::remove_all() noexcept {
  mutex_.lock();
  for (; !entries_.empty(); entries_.pop_back()) remove(entries_.back().path, entries_.back().kind);
}

Temporary::Temporary(std::string path, Kind kind) : path_(std::move(path)), kind_(kind) {
  Temporaries::instance().add(path_, kind_);
}

// With the permissions that the user's umask gives. The name tells who writes, so that what a killed process left is
// known as such.
std::optional<Temporary> Temporary::file_beside(const fs::path& path, int* descriptor) {
  const std::lock_guard hold(Temporaries::instance());
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string name = path.string() + "." + std::to_string(getpid()) + "." + std::to_string(attempt) + ".tmp";
    *descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*descriptor >= 0) return Temporary(std::move(name), Kind::file);
    if (errno != EEXIST) break;
  }
  return std::nullopt;
}

std::optional<Temporary> Temporary::folder(std::string pattern) {
  const std::lock_guard hold(Temporaries::instance());
  if (!mkdtemp(pattern.data())) return std::nullopt;
  return Temporary(std::move(pattern), Kind::folder);
}

std::optional<Temporary> Temporary::empty_folder(const std::string& path) {
  const std::lock_guard hold(Temporaries::instance());
  if (mkdir(path.c_str(), 0777) != 0) return std::nullopt;
  return Temporary(path, Kind::empty_folder);
}

Temporary::~Temporary() {
  if (path_.empty()) return;
  const std::lock_guard hold(Temporaries::instance());
  remove(path_, kind_);
  Temporaries::instance().gone(path_);
}

void Temporary::keep() {
  Temporaries::instance().gone(path_);
  path_.clear();
}

bool Temporary::rename_to(const fs::path& path) {
  const std::lock_guard hold(Temporaries::instance());
  if (rename(path_.c_str(), path.c_str()) != 0) return false;
  keep();
  return true;
}

}  // namespace sparsec::engine
