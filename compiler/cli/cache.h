// Compiled models that were made on the way: one shared library per model and options, in the user's cache folder.
//
// An entry is named by a hash of everything that shapes it, so entries never go stale; what is not used for longest
// goes when the folder has grown too large.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace sparsec::cli {

class Cache {
 public:
  // $XDG_CACHE_HOME/sparsec, else ~/.cache/sparsec.
  static std::filesystem::path default_folder();
  explicit Cache(std::filesystem::path folder = default_folder(), int64_t limit = int64_t{2} << 30)
      : folder_(std::move(folder)), limit_(limit) {}

  struct Entry {
    std::filesystem::path library;
    std::string about;  // one line: the model and its options
    int64_t bytes = 0;
    std::time_t used = 0;
  };

  const std::filesystem::path& folder() const { return folder_; }
  // Where the library of this key lies; empty when it is not there or damaged. Marks it as used.
  std::filesystem::path find(const std::string& key) const;
  // Keeps a library; empty when the folder cannot be written.
  std::filesystem::path store(const std::string& key, const std::string& about, const std::string& library) const;
  std::vector<Entry> entries() const;      // last used first; throws FileError where the folder is there and unreadable
  static void remove(const Entry& entry);  // throws FileError
  void remove_left_over() const;           // what killed commands did not finish; throws FileError

 private:
  template <class Use>
  void each_file(const Use& use) const;
  void trim() const;
  std::filesystem::path folder_;
  int64_t limit_;
};

// What names this build of the compiler and this CPU, in a key.
std::string compiler_identity();
std::string cpu_identity();

}  // namespace sparsec::cli
