// Escapes for comments and literals.
#include "codegen/emit/text.h"

#include <algorithm>

namespace sparsec::emit {

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126; }, '?');
  for (size_t at; (at = out.find("*/")) != out.npos;) out.replace(at, 2, "* ");
  for (size_t at; (at = out.find("/*")) != out.npos;) out.replace(at, 2, " *");
  while (!out.empty() && out.back() == '\\') out.pop_back();  // no continued line
  return out;
}

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& line) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string layer_comment(std::string_view mark, const LayerKernels& layer) {
  std::string out = std::string(mark) + " " + one_line(layer.step->name) + "\n";
  std::string calls;
  for (const std::string& what : layer.elsewhere) calls += (calls.empty() ? "calls " : ", ") + what;
  for (const std::string& text : {layer.step->comment, layer.step->plan, calls})
    for_each_line(text, [&](std::string_view line) { out += std::string(mark) + "   " + one_line(line) + "\n"; });
  return layer.functions.empty() ? out + "\n" : out;
}

std::string c_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto b = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (c == '?') {  // no trigraphs
      out += "\\?";
    } else if (b < 32 || b > 126) {
      for (const int shift : {6, 3, 0})
        out += (shift == 6 ? "\\" : "") + std::string(1, static_cast<char>('0' + (b >> shift & 7)));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace sparsec::emit
