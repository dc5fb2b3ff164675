// Whole files in and out, with errors that name the file.
//
// Any thread may call these. A failed write leaves the old file, if there was one, as it was, and no temporary behind.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sparsec {

// A file that cannot be read, written or understood. The message is one line that begins with the file's name.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& path, std::string_view problem)
      : std::runtime_error(path + ": " + std::string(problem)) {}
};

// The bytes of an ordinary file of at most `limit` bytes. Throws FileError.
std::vector<uint8_t> read_file(const std::string& path, int64_t limit = int64_t{1} << 31);

// Where a symbolic link leads, whether something is there or not; any other path as it is. Throws FileError on a loop.
std::string follow_links(std::string path);

// Writes to a temporary beside `path` and renames it there: links stay, and what they lead to is replaced. Devices,
// pipes and what standard output or error is are written to as they are. Throws FileError.
void write_file(const std::string& path, std::span<const uint8_t> bytes);
void write_file(const std::string& path, std::string_view text);

}  // namespace sparsec
