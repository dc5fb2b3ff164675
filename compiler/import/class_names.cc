// A small reader for the few ways in which class names are written.
//
// Literals of Python and JSON share one grammar here: quoted strings, bare words and numbers between brackets or
// braces, with commas and colons. YAML is read only as far as a `names` key goes: a literal on the same line, or the
// indented lines below it.
#include "compiler/import/class_names.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "compiler/error.h"

namespace sparsec {
namespace {

constexpr size_t kMostClasses = 100'000;
constexpr uintmax_t kMostBytes = 16 << 20;

std::string_view trim(std::string_view s) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = s.find_first_not_of(kSpace);
  return first == s.npos ? std::string_view() : s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

std::optional<size_t> class_number(std::string_view text) {
  size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n >= kMostClasses) return std::nullopt;
  return n;
}

std::vector<std::string> by_number(const std::map<size_t, std::string>& named) {
  std::vector<std::string> names(named.empty() ? 0 : named.rbegin()->first + 1);
  for (size_t i = 0; i < names.size(); ++i) names[i] = std::to_string(i);
  for (const auto& [i, name] : named) names[i] = name;
  return names;
}

// Reads a literal from left to right; `ok` turns false at the first thing that does not belong.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::string>> read() {
    std::vector<std::string> names;
    if (take('[')) {
      names = list(']');
    } else if (take('(')) {
      names = list(')');
    } else if (take('{')) {
      names = dictionary();
    } else {
      return std::nullopt;
    }
    skip_space();
    if (!ok_ || at_ != text_.size()) return std::nullopt;
    return names;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (std::isspace(static_cast<unsigned char>(text_[at_])) != 0)) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string quoted(char quote) {
    std::string s;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      s += text_[at_++];
    }
    ok_ = take(quote) && ok_;
    return s;
  }
  std::string scalar() {
    if (take('\'')) return quoted('\'');
    if (take('"')) return quoted('"');
    const size_t first = at_;  // `take` skipped the space
    while (at_ < text_.size() && std::string_view(",:[](){}'\"").find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string_view word = trim(text_.substr(first, at_ - first));
    ok_ = ok_ && !word.empty();
    return std::string(word);
  }
  std::vector<std::string> list(char close) {
    std::vector<std::string> names;
    while (ok_ && !take(close)) {
      names.push_back(scalar());
      if (!take(',')) {
        ok_ = ok_ && take(close);
        break;
      }
    }
    return names;
  }
  std::vector<std::string> dictionary() {
    std::map<size_t, std::string> named;
    while (ok_ && !take('}')) {
      const std::optional<size_t> key = class_number(scalar());
      ok_ = ok_ && key && take(':');
      if (!ok_) break;
      named[*key] = scalar();
      if (!take(',')) {
        ok_ = ok_ && take('}');
        break;
      }
    }
    return by_number(named);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.emplace_back(std::move(line));
  return lines;
}

std::string unquote(std::string_view s) {
  s = trim(s);
  const bool in_quotes = s.size() >= 2 && (s.front() == '"' || s.front() == '\'') && s.back() == s.front();
  return std::string(in_quotes ? s.substr(1, s.size() - 2) : s);
}

// A YAML line without its comment: from a '#' at the start or after a space.
std::string_view without_comment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

// The `names` of a YAML file whose lines are given; nothing when it has no such key or its value is of another form.
std::optional<std::vector<std::string>> yaml_names(const std::vector<std::string>& lines) {
  const auto key = std::ranges::find_if(lines, [](const std::string& l) { return l.starts_with("names:"); });
  if (key == lines.end()) return std::nullopt;
  std::string flow(trim(without_comment(std::string_view(*key).substr(6))));
  if (!flow.empty()) {  // a literal, which may go on over the next lines
    for (auto line = key + 1; line != lines.end(); ++line) {
      if (auto names = parse_class_names(flow)) return names;
      flow += " " + std::string(without_comment(*line));
    }
    return parse_class_names(flow);
  }
  std::map<size_t, std::string> named;
  for (auto line = key + 1; line != lines.end(); ++line) {
    const std::string_view content = trim(without_comment(*line));
    if (content.empty()) continue;
    if (content.starts_with("- ")) {
      named.emplace(named.size(), unquote(content.substr(2)));
      continue;
    }
    if (line->front() != ' ' && line->front() != '\t') break;  // the next key
    const size_t colon = content.find(':');
    const auto number = colon == content.npos ? std::nullopt : class_number(unquote(content.substr(0, colon)));
    if (!number) return std::nullopt;
    named[*number] = unquote(content.substr(colon + 1));
  }
  return by_number(named);
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
  return text.str();
}

}  // namespace

std::optional<std::vector<std::string>> parse_class_names(std::string_view literal) {
  auto names = LiteralReader(literal).read();
  if (names && names->size() > kMostClasses) return std::nullopt;
  return names;
}

std::vector<std::string> read_class_names(const std::string& path) {
  const std::string text = read_text(path);
  if (text.find('\0') != std::string::npos)
    throw CompileError(path + ": not a text file; expected class names, one a line");
  std::vector<std::string> names;
  const std::string_view content = trim(text);
  const std::vector<std::string> lines = lines_of(text);
  const bool literal = content.starts_with('[') || content.starts_with('{');
  const bool yaml = std::ranges::any_of(lines, [](const std::string& l) { return l.starts_with("names:"); });
  if (literal || yaml) {
    const auto parsed = literal ? parse_class_names(content) : yaml_names(lines);
    if (!parsed)
      throw CompileError(path + ": the class names cannot be read; expected a list or a dictionary by number");
    names = *parsed;
  } else {
    for (const std::string& line : lines) {
      if (!trim(line).empty()) names.emplace_back(trim(line));
    }
  }
  if (names.empty()) throw CompileError(path + ": no class names; expected one a line");
  if (names.size() > kMostClasses) throw CompileError(path + ": more than 100000 class names");
  return names;
}

}  // namespace sparsec
