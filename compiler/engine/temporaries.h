// What is made on the way to an output: it goes away with its owner, and with the process.
//
// Every temporary of the compiler stands in one list while it is there, so that a program which a signal ends can
// remove what is left (compiler/cli/interrupt.h); where nobody asks for that, the list is all there is of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/host/temporary_watch.h"

namespace sparsec::engine {

// The list. While it is locked, remove_all() waits: steps that belong together happen under one lock.
class Temporaries : public TemporaryWatch {
 public:
  enum class Kind : uint8_t { file, folder, empty_folder };  // folders go with what is in them, or only when empty

  static Temporaries& instance();

  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }
  void made(const std::string& path) noexcept override { add(path, Kind::file); }
  void gone(const std::string& path) noexcept override;
  void add(const std::string& path, Kind kind) noexcept;

  // For a process that ends now: removes all, and keeps the lock, so that no other thread makes one more.
  void remove_all() noexcept;

 private:
  struct Entry {
    std::string path;
    Kind kind;
  };
  std::recursive_mutex mutex_;
  std::vector<Entry> entries_;
};

// One temporary; the destructor removes it, unless it was kept or renamed.
class Temporary {
 public:
  // Each makes what it says; nothing when that failed, and errno says why.
  static std::optional<Temporary> file_beside(const std::filesystem::path& path, int* descriptor);
  static std::optional<Temporary> folder(std::string pattern);  // ends in XXXXXX
  static std::optional<Temporary> empty_folder(const std::string& path);

  Temporary(Temporary&& other) noexcept : path_(std::move(other.path_)), kind_(other.kind_) { other.path_.clear(); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary();

  const std::string& path() const { return path_; }
  void keep();
  bool rename_to(const std::filesystem::path& path);  // false, and errno says why

 private:
  using Kind = Temporaries::Kind;
  Temporary(std::string path, Kind kind);
  std::string path_;
  Kind kind_;
};

}  // namespace sparsec::engine
