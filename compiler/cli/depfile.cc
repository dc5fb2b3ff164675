// Escapes as g++ -MD writes them: https://gcc.gnu.org/onlinedocs/gcc/Preprocessor-Options.html; Ninja's reader is
// src/depfile_parser.in.cc.
#include "compiler/cli/depfile.h"

#include <algorithm>
#include <string_view>

namespace sparsec::cli {
namespace {

std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '#') out += '\\';
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

}  // namespace

bool is_trackable(const std::string& file) {
  return std::ranges::none_of(file, [](unsigned char c) {
    return c < ' ' || std::string_view(":;|<>`\"'*?^&\\").find(char(c)) != std::string_view::npos;
  });
}

std::string depfile_text(const std::vector<std::string>& targets, const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& target : targets) out += (out.empty() ? "" : " ") + escaped(target);
  out += ":";
  for (const std::string& file : files) out += " \\\n  " + escaped(file);
  return out + "\n";
}

}  // namespace sparsec::cli
