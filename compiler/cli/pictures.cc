// A picture in a folder is known by its name's ending.
#include "compiler/cli/pictures.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "compiler/error.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

bool looks_like_a_picture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".bmp";
}

}  // namespace

std::vector<std::string> expand_pictures(const std::vector<std::string>& named) {
  std::vector<std::string> out;
  for (const std::string& path : named) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      if (looks_like_a_picture(it->path())) found.push_back(it->path().string());
    }
    if (error) throw CompileError(path + ": cannot list the folder: " + error.message());
    if (found.empty()) throw CompileError(path + ": no JPEG, PNG or BMP picture in this folder");
    std::sort(found.begin(), found.end());
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace sparsec::cli
