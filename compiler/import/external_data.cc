// The checked loader of external data: look at the name, then at where it really leads, then at the size, then read.
#include "compiler/import/external_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "compiler/error.h"

namespace sparsec::importer {
namespace fs = std::filesystem;
namespace {

// The file that `location` names, with all links resolved.
fs::path resolve(const std::string& model_path, const std::string& location, const std::string& where) {
  const std::string file = "external data file '" + location + "'";
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos) {
    throw CompileError(where +
                       ": external data has no usable location; supported: a file name inside the model's folder");
  }
  if (relative.is_absolute() || std::ranges::find(relative, fs::path("..")) != relative.end()) {
    throw CompileError(where + ": " + file + " is outside the model's folder; supported: plain files inside it");
  }
  std::error_code error;
  const fs::path parent = fs::path(model_path).parent_path();
  const fs::path folder = fs::canonical(parent.empty() ? "." : parent, error);
  if (error) throw CompileError(where + ": the model's folder cannot be read: " + error.message());
  const fs::path target = fs::canonical(folder / relative, error);
  if (error) throw CompileError(where + ": " + file + " cannot be read: " + error.message());
  // Every component of the folder must start the target's path.
  if (std::mismatch(folder.begin(), folder.end(), target.begin(), target.end()).first != folder.end()) {
    throw CompileError(where + ": " + file + " leads outside the model's folder; supported: plain files inside it");
  }
  if (!fs::is_regular_file(target, error)) throw CompileError(where + ": " + file + " is not a plain file");
  return target;
}

}  // namespace

std::vector<std::byte> read_external(const std::string& model_path, const ExternalRange& range, uint64_t bytes,
                                     const std::string& where) {
  const fs::path target = resolve(model_path, range.location, where);
  if (range.length && *range.length != bytes) {
    throw CompileError(where + ": external data has " + std::to_string(*range.length) +
                       " bytes where the tensor needs " + std::to_string(bytes));
  }
  std::error_code error;
  const uint64_t size = fs::file_size(target, error);
  if (error || range.offset > size || bytes > size - range.offset) {
    throw CompileError(where + ": external data file '" + range.location + "' has " + std::to_string(error ? 0 : size) +
                       " bytes; the tensor needs " + std::to_string(bytes) + " from offset " +
                       std::to_string(range.offset));
  }
  std::vector<std::byte> data(bytes);
  std::ifstream stream(target, std::ios::binary);
  stream.seekg(std::streamoff(range.offset));
  if (bytes > 0 && !stream.read(reinterpret_cast<char*>(data.data()), std::streamsize(bytes))) {
    throw CompileError(where + ": external data file '" + range.location + "' cannot be read");
  }
  return data;
}

}  // namespace sparsec::importer
