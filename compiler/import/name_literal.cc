// Class names as exporters write them into a model: the text of a Python list or dictionary, which JSON's is too.
//
// Both share one grammar here: quoted strings, bare words and numbers between brackets or braces, with commas and
// colons. Escapes are Python's, which has all of JSON's; JSON's pairs of surrogates are joined.
#include <charconv>
#include <map>

#include "compiler/import/class_names.h"

namespace sparsec {
namespace {

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
  // The number of an escape of so many hexadecimal digits.
  uint32_t code_point(size_t digits) {
    uint32_t value = 0;
    const std::string_view hex = text_.substr(at_, digits);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    ok_ = ok_ && error == std::errc() && end == hex.data() + digits;
    at_ += hex.size();
    return value;
  }
  uint32_t utf16() {
    const uint32_t high = code_point(4);
    if (high < 0xD800 || high > 0xDBFF || !text_.substr(at_).starts_with("\\u")) return high;
    at_ += 2;
    const uint32_t low = code_point(4);
    ok_ = ok_ && low >= 0xDC00 && low <= 0xDFFF;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  }
  // What the escape that begins behind a backslash stands for.
  std::string escaped() {
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'r':
        return "\r";
      case 'b':
        return "\b";
      case 'f':
        return "\f";
      case 'x':
        return utf8(code_point(2));
      case 'u':
        return utf8(utf16());
      case 'U':
        return utf8(code_point(8));
      default:
        return {c};
    }
  }
  std::string quoted(char quote) {
    std::string s;
    while (at_ < text_.size() && text_[at_] != quote) {
      const char c = text_[at_++];
      s += c == '\\' && at_ < text_.size() ? escaped() : std::string{c};
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
  std::string utf8(uint32_t code) {
    ok_ = ok_ && code != 0 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
    if (code < 0x80) return {char(code)};
    std::string s;
    int shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18;
    s += char((code < 0x800 ? 0xC0 : code < 0x10000 ? 0xE0 : 0xF0) | (code >> shift));
    while ((shift -= 6) >= 0) s += char(0x80 | ((code >> shift) & 0x3F));
    return s;
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
      ok_ = named.emplace(*key, scalar()).second && ok_;
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

}  // namespace

std::optional<std::vector<std::string>> parse_class_names(std::string_view literal) {
  auto names = LiteralReader(literal).read();
  if (names && names->size() > kMostClasses) return std::nullopt;
  return names;
}

}  // namespace sparsec
