// A line is a hash, two spaces and a path. The list is a file like others, so what it says is checked: it names files
// within the folder only, and not by way of links.
#include "compiler/engine/manifest.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "compiler/import/sha256.h"

namespace sparsec::engine {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHashLength = 64;

std::string hash(const std::string& text) {
  importer::Sha256 sha;
  sha.update(std::as_bytes(std::span(text)));
  return sha.hex();
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As manifest_of spells it, which tells what is still written from what is not: nor "./x", "a//x".
bool is_within(const std::string& path) {
  const fs::path relative = path;
  return !relative.empty() && relative.is_relative() && relative.lexically_normal().string() == path &&
         std::ranges::none_of(relative, [](const fs::path& part) { return part == ".."; });
}

// A regular file with no link on the way to it.
bool is_plain_file(const fs::path& folder, const fs::path& relative) {
  std::error_code error;
  fs::path path = folder;
  for (const fs::path& part : relative) {
    path /= part;
    if (fs::is_symlink(fs::symlink_status(path, error))) return false;
  }
  return fs::is_regular_file(path, error);
}

}  // namespace

std::string manifest_of(const std::vector<emit::TextFile>& files) {
  std::string out;
  for (const emit::TextFile& file : files) out += hash(file.text) + "  " + file.path + "\n";
  return out;
}

std::vector<fs::path> left_over(const fs::path& folder, const std::vector<emit::TextFile>& files) {
  std::vector<fs::path> out;
  std::error_code error;
  if (!fs::is_regular_file(folder / kManifest, error)) return out;  // a pipe would be waited for
  std::ifstream manifest(folder / kManifest);
  for (std::string line; std::getline(manifest, line);) {
    if (line.size() < kHashLength + 3) continue;
    const std::string path = line.substr(kHashLength + 2);
    if (!is_within(path) || std::ranges::count(files, path, &emit::TextFile::path) || !is_plain_file(folder, path))
      continue;
    if (line.starts_with(hash(contents(folder / path)) + "  ")) out.emplace_back(path);
  }
  return out;
}

void remove_left_over(const fs::path& folder, const std::vector<fs::path>& files) {
  std::error_code ignored;
  for (const fs::path& file : files) {
    fs::remove(folder / file, ignored);
    for (fs::path inner = file.parent_path(); !inner.empty(); inner = inner.parent_path())
      if (!fs::remove(folder / inner, ignored)) break;  // as remove() takes empty folders only
  }
}

}  // namespace sparsec::engine
