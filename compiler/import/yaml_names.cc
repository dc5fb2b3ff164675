// Class names in YAML, of which JSON is a part. libyaml reads the text; here is only where names are in it.
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <new>
#include <span>

#include "compiler/error.h"
#include "compiler/import/class_names.h"

namespace sparsec {
namespace {

// Whether brackets open more deeply than any list of names has them: libyaml takes a time that grows with the square of
// their number. (Those within quotes are counted too, which only a name of a hundred brackets would notice.)
bool is_too_deep(const std::string& text) {
  constexpr int kDeepest = 100;
  int depth = 0, deepest = 0;
  for (const char c : text) {
    depth = std::max(0, depth + int(c == '[' || c == '{') - int(c == ']' || c == '}'));
    deepest = std::max(deepest, depth);
  }
  return deepest > kDeepest;
}

// The first document of a text.
class Document {
 public:
  Document(const std::string& text, std::string path) : path_(std::move(path)) {
    if (is_too_deep(text)) fail("brackets within brackets, a hundred deep");
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) throw std::bad_alloc();
    const std::unique_ptr<yaml_parser_t, void (*)(yaml_parser_t*)> owner(&parser, yaml_parser_delete);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    if (yaml_parser_load(&parser, &document_)) return;
    if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    fail("line " + std::to_string(parser.problem_mark.line + 1) + ": " + (parser.problem ? parser.problem : "no YAML"));
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() { yaml_document_delete(&document_); }

  std::vector<std::string> names() {
    const yaml_node_t* const root = yaml_document_get_root_node(&document_);
    if (!root) return {};
    if (root->type == YAML_SEQUENCE_NODE || (root->type == YAML_MAPPING_NODE && begins_with_a_number(*root)))
      return names_of(*root);
    const yaml_node_t* const names = root->type == YAML_MAPPING_NODE ? member(*root, "names") : nullptr;
    if (!names) fail("no key `names`");
    std::vector<std::string> result = names_of(*names);
    if (const yaml_node_t* const count = member(*root, "nc"); count && text_of(*count) != std::to_string(result.size()))
      fail("`nc` is " + text_of(*count) + ", and there are " + std::to_string(result.size()) + " names");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw CompileError(path_ + ": the class names cannot be read: " + problem +
                       "; expected a list or a dictionary by number, under `names` in a data.yaml");
  }

  const yaml_node_t& node(int index) { return *yaml_document_get_node(&document_, index); }
  static std::span<yaml_node_pair_t> members(const yaml_node_t& mapping) {
    return {mapping.data.mapping.pairs.start, mapping.data.mapping.pairs.top};
  }
  static std::string line_of(const yaml_node_t& at) { return "line " + std::to_string(at.start_mark.line + 1) + ": "; }

  std::string text_of(const yaml_node_t& scalar) const {
    if (scalar.type != YAML_SCALAR_NODE) fail(line_of(scalar) + "not a text");
    return {reinterpret_cast<const char*>(scalar.data.scalar.value), scalar.data.scalar.length};
  }

  std::string name_of(const yaml_node_t& scalar) const {
    std::string name = text_of(scalar);
    if (name.empty()) fail(line_of(scalar) + "a class without a name");
    return name;
  }

  std::optional<size_t> number_of(const yaml_node_t& scalar) const {
    const std::string text = text_of(scalar);
    size_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n >= kMostClasses) return std::nullopt;
    return n;
  }

  bool begins_with_a_number(const yaml_node_t& mapping) {
    return !members(mapping).empty() && number_of(node(members(mapping).front().key));
  }

  const yaml_node_t* member(const yaml_node_t& mapping, const std::string& key) {
    const yaml_node_t* found = nullptr;
    for (const yaml_node_pair_t& pair : members(mapping)) {
      if (text_of(node(pair.key)) != key) continue;
      if (found) fail(line_of(node(pair.key)) + "a second key `" + key + "`");
      found = &node(pair.value);
    }
    return found;
  }

  std::vector<std::string> names_of(const yaml_node_t& list) {
    std::vector<std::string> names;
    if (list.type == YAML_SEQUENCE_NODE) {
      for (const int item : std::span(list.data.sequence.items.start, list.data.sequence.items.top))
        names.push_back(name_of(node(item)));
    } else if (list.type == YAML_MAPPING_NODE) {
      names = by_number(list);
    } else if (auto literal = parse_class_names(text_of(list))) {  // a Python tuple is but a text to YAML
      names = std::move(*literal);
    } else {
      fail(line_of(list) + "`names` is neither");
    }
    return names;
  }

  std::vector<std::string> by_number(const yaml_node_t& mapping) {
    std::map<size_t, std::string> named;
    for (const yaml_node_pair_t& pair : members(mapping)) {
      const yaml_node_t& key = node(pair.key);
      const std::optional<size_t> number = number_of(key);
      if (!number) fail(line_of(key) + "'" + text_of(key) + "' is no number of a class");
      if (!named.emplace(*number, name_of(node(pair.value))).second)
        fail(line_of(key) + "class " + text_of(key) + " is named twice");
    }
    std::vector<std::string> names(named.empty() ? 0 : named.rbegin()->first + 1);
    for (size_t i = 0; i < names.size(); ++i) names[i] = named.contains(i) ? named[i] : std::to_string(i);
    return names;
  }

  std::string path_;
  yaml_document_t document_{};
};

}  // namespace

std::vector<std::string> yaml_class_names(const std::string& text, const std::string& path) {
  return Document(text, path).names();
}

}  // namespace sparsec
