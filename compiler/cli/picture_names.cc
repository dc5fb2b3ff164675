// Base names are counted first, so that a name does not depend on the order of the pictures.
#include "compiler/cli/picture_names.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

// The base name as it is saved: pictures are written as JPEG or PNG, whatever the name of the picture that was read.
std::string saved(const fs::path& path) {
  fs::path name = path.filename();
  std::string ending = name.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  if (ending == ".bmp")
    name.replace_extension(".png");
  else if (ending != ".jpg" && ending != ".jpeg" && ending != ".png")
    name += ".png";
  return name.string();
}

// The folders and the base name in one word, without the root and steps upwards: "../a/x.jpg" is "a_x.jpg".
std::string flattened(const fs::path& path) {
  std::string out;
  for (const fs::path& folder : path.lexically_normal().relative_path().parent_path()) {
    if (folder != "..") out.append(folder.string()).append("_");
  }
  return out + saved(path);
}

}  // namespace

std::map<std::string, PictureName> name_pictures(const std::vector<std::string>& paths) {
  const std::set<std::string> distinct(paths.begin(), paths.end());
  std::map<std::string, int> keys, files;  // how many share them
  for (const std::string& path : distinct) {
    ++keys[fs::path(path).filename().string()];
    ++files[saved(path)];
  }
  std::set<std::string> taken;
  for (const auto& [name, count] : files)
    if (count == 1) taken.insert(name);

  std::map<std::string, PictureName> names;
  for (const std::string& path : paths) {
    const auto [at, is_new] = names.try_emplace(path);
    if (!is_new) continue;
    const std::string base = fs::path(path).filename().string();
    at->second.key = keys[base] == 1 ? base : path;
    std::string& file = at->second.file = saved(path);
    if (files[file] == 1) continue;
    const fs::path wanted = flattened(path);
    file = wanted.string();
    for (int n = 2; !taken.insert(file).second; ++n)
      file = wanted.stem().string().append("-").append(std::to_string(n)).append(wanted.extension().string());
  }
  return names;
}

}  // namespace sparsec::cli
