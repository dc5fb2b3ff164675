// Base names are counted first, so that a name does not depend on the order of the pictures. JSON's text is UTF-8 and a
// file's name need not be: keys write other bytes as \xHH, so that two such names are never one.
#include "compiler/cli/picture_names.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <string_view>

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

// How many bytes at the front of `text` are one character of UTF-8; 0 where they are none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (first < 0xC2 || length == 0) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool no_character = (first == 0xED && byte(1) >= 0xA0) || (first == 0xF4 && byte(1) >= 0x90);
  return overlong || no_character ? 0 : length;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[0]);
      out.append("\\x").append({kDigits[byte >> 4], kDigits[byte & 15]});
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace

std::map<std::string, PictureName> name_pictures(const std::vector<std::string>& paths) {
  const std::set<std::string> distinct(paths.begin(), paths.end());
  std::map<std::string, int> keys, files;  // how many share them
  for (const std::string& path : distinct) {
    ++keys[as_utf8(fs::path(path).filename().string())];
    ++files[saved(path)];
  }
  std::set<std::string> taken, taken_keys;
  for (const auto& [name, count] : keys)
    if (count == 1) taken_keys.insert(name);
  for (const auto& [name, count] : files)
    if (count == 1) taken.insert(name);

  std::map<std::string, PictureName> names;
  for (const std::string& path : paths) {
    const auto [at, is_new] = names.try_emplace(path);
    if (!is_new) continue;
    const std::string base = as_utf8(fs::path(path).filename().string());
    std::string& key = at->second.key = base;
    if (keys[base] != 1) {
      key = as_utf8(path);
      for (int n = 2; !taken_keys.insert(key).second; ++n)  // a name that spells what stands for another's bytes
        key = as_utf8(path).append("-").append(std::to_string(n));
    }
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
