// Escapes as g++ -MD writes them: https://gcc.gnu.org/onlinedocs/gcc/Preprocessor-Options.html; Ninja's reader is
// src/depfile_parser.in.cc.
#include "compiler/cli/depfile.h"

namespace sparsec::cli {
namespace {

// A backslash means itself but before a space, where each is doubled.
std::string escaped(const std::string& name) {
  std::string out;
  size_t backslashes = 0;
  for (const char c : name) {
    if (c == ' ') out += std::string(backslashes + 1, '\\');
    if (c == '#') out += '\\';
    if (c == '$') out += '$';
    out += c;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  return out;
}

}  // namespace

std::string depfile_text(const std::vector<std::string>& targets, const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& target : targets) out += (out.empty() ? "" : " ") + escaped(target);
  out += ":";
  for (const std::string& file : files) out += " \\\n  " + escaped(file);
  return out + "\n";
}

}  // namespace sparsec::cli
