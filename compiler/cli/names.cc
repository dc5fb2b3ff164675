// Names of models.
#include "compiler/cli/names.h"

#include <algorithm>
#include <array>

#include "compiler/cli/exit_codes.h"

namespace sparsec::cli {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What neither C nor C++ takes as a namespace or a variable.
constexpr std::array<std::string_view, 95> kReserved{
    "alignas",       "alignof",      "and",       "and_eq",   "asm",       "auto",      "bitand",    "bitor",
    "bool",          "break",        "case",      "catch",    "char",      "char8_t",   "char16_t",  "char32_t",
    "class",         "compl",        "concept",   "const",    "consteval", "constexpr", "constinit", "const_cast",
    "continue",      "co_await",     "co_return", "co_yield", "decltype",  "default",   "delete",    "do",
    "double",        "dynamic_cast", "else",      "enum",     "explicit",  "export",    "extern",    "false",
    "float",         "for",          "friend",    "goto",     "if",        "inline",    "int",       "long",
    "main",          "mutable",      "namespace", "new",      "noexcept",  "not",       "not_eq",    "nullptr",
    "operator",      "or",           "or_eq",     "private",  "protected", "public",    "register",  "reinterpret_cast",
    "requires",      "restrict",     "return",    "short",    "signed",    "sizeof",    "sparsec",   "static",
    "static_assert", "static_cast",  "std",       "struct",   "switch",    "template",  "this",      "thread_local",
    "throw",         "true",         "try",       "typedef",  "typeid",    "typename",  "union",     "unsigned",
    "using",         "virtual",      "void",      "volatile", "wchar_t",   "while",     "xor"};

bool is_identifier(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); }) &&
         std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end();
}

// C and C++ keep names that begin with an underscore, at the level where a library's are, for themselves.
bool is_free(std::string_view name) { return is_identifier(name) && name[0] != '_' && !is_taken_by_c(name); }

}  // namespace

std::string name_from_path(const std::filesystem::path& path) {
  std::string stem = path.stem().string(), name;
  if (stem.starts_with("lib") && stem.size() > 3) stem.erase(0, 3);
  bool replaced = false;  // neighbours that C does not take become one _
  for (const char c : stem) {
    if (is_letter(c) || is_digit(c)) {
      name += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
      replaced = false;
    } else {
      if (!replaced) name += '_';
      replaced = true;
    }
  }
  const size_t first = name.find_first_not_of('_');
  if (first == name.npos) return "";
  return is_free(name) ? name : "model_" + name.substr(first);
}

void check_name(const std::string& option, std::string_view name) {
  if (!is_identifier(name))
    throw UsageError(option + ": '" + std::string(name) +
                     "' is no C identifier that is free; use letters, digits and _, such as yolo");
  if (name[0] == '_')
    throw UsageError(option + ": '" + std::string(name) +
                     "' is reserved, as it begins with an underscore; begin with a letter, such as yolo");
  if (is_taken_by_c(name))
    throw UsageError(option + ": '" + std::string(name) + "' is a name of the C library or one of its headers; use " +
                     "another, such as model_" + std::string(name));
}

void check_namespace(const std::string& option, std::string_view name) {
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find("::", at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (at == 0 ? !is_free(part) : !is_identifier(part)) {  // only the first is beside C's names
      throw UsageError(option + ": '" + std::string(name) +
                       "' is no C++ namespace that is free; use identifiers joined by ::, such as shop::yolo");
    }
    at = end + 2;
    if (end == name.size()) break;
  }
}

}  // namespace sparsec::cli
