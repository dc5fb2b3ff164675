// A file of class names: which of the ways of writing them it is.
#include "compiler/import/class_names.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/error.h"

namespace sparsec {
namespace {

constexpr uintmax_t kMostBytes = 16 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf", kSpace = " \t\r\n";

std::string_view trim(std::string_view s) {
  const size_t first = s.find_first_not_of(kSpace);
  return first == s.npos ? std::string_view() : s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

std::string read_text(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw CompileError(path + ": is a folder; expected a file of class names, one a line");
  if (!std::filesystem::is_regular_file(path, error)) {
    throw CompileError(path + ": no such file; expected class names, one a line");
  }
  if (std::filesystem::file_size(path, error) > kMostBytes || error) {
    throw CompileError(path + ": too big for a file of class names; supported: up to 16 MiB");
  }
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) throw CompileError(path + ": cannot be read");
  std::string content = text.str();
  if (content.starts_with(kByteOrderMark)) content.erase(0, kByteOrderMark.size());
  return content;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  return lines;
}

// Whether a line begins with one of the keys of a data.yaml.
bool is_data_key(std::string_view line) {
  constexpr std::array<std::string_view, 4> kKeys{"names", "nc", "train", "val"};
  const size_t colon = line.find(':');
  std::string_view key = trim(line.substr(0, colon));
  if (key.size() > 2 && (key.front() == '"' || key.front() == '\'') && key.back() == key.front())
    key = key.substr(1, key.size() - 2);
  return colon != line.npos && std::ranges::find(kKeys, key) != kKeys.end();
}

bool is_yaml(const std::string& path, std::string_view content, const std::vector<std::string>& lines) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".yaml" || ending == ".yml" || ending == ".json") return true;
  return content.starts_with("- ") || content.starts_with("---") || content.starts_with("%YAML") ||
         content.starts_with('[') || content.starts_with('{') || std::ranges::any_of(lines, is_data_key);
}

}  // namespace

std::vector<std::string> read_class_names(const std::string& path) {
  const std::string text = read_text(path);
  if (text.find('\0') != std::string::npos)
    throw CompileError(path + ": not a text file; expected class names, one a line");
  const std::string_view content = trim(text);
  std::vector<std::string> names = lines_of(text);
  if (!names.empty() && is_yaml(path, content, names)) {
    // Python's literals first: they know escapes that YAML does not.
    const auto literal = parse_class_names(content);
    names = literal ? *literal : yaml_class_names(text, path);
  }
  if (names.empty()) throw CompileError(path + ": no class names; expected one a line");
  if (names.size() > kMostClasses) throw CompileError(path + ": more than 100000 class names");
  return names;
}

}  // namespace sparsec
