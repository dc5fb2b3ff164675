// Files that are there whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/engine/temporaries.h"

namespace sparsec::engine {

// Writes a set of files: all under temporary names beside their places first, then renamed; where a place is a link,
// what it leads to is replaced. A failure throws a CompileError that names the path; without commit() the temporaries
// go.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() = default;

  void add(const std::filesystem::path& path, std::string_view bytes);
  void commit();

 private:
  struct File {
    std::filesystem::path path;
    Temporary temporary;
  };
  std::vector<File> files_;
};

void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace sparsec::engine
