// Tensors by their names and shapes, constants of nodes as well as initialisers: a table of all levels, [levels,A,2] or
// [levels,1,A,1,1,2], or one [1,A,1,1,2] for each level, in the order of their names. And a reader for nested lists of
// numbers.
#include "compiler/import/anchors.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sparsec::importer {
namespace {

constexpr size_t kMostNumbers = 1024;  // far more than any detector has; keeps hostile files cheap
constexpr size_t kMostText = 64 << 10;
constexpr int kMostDepth = 4;

// ---- numbers as anchors ---------------------------------------------------------------------------------------------

bool add_sizes(AnchorTable& table, const std::vector<double>& numbers) {
  if (numbers.empty() || numbers.size() % 2 != 0) return false;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    const std::array<float, 2> size{float(numbers[i]), float(numbers[i + 1])};
    if (!std::isfinite(size[0]) || !std::isfinite(size[1]) || !(size[0] > 0) || !(size[1] > 0)) return false;
    table.sizes.push_back(size);
  }
  return true;
}

// ---- tensors --------------------------------------------------------------------------------------------------------

struct Named {
  std::string name;
  TensorPtr tensor;
};

// model.9.x before model.10.x: numbers in names count as numbers.
bool comes_before(const Named& a, const Named& b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t i = 0, j = 0;
  while (i < a.name.size() && j < b.name.size()) {
    if (!digit(a.name[i]) || !digit(b.name[j])) {
      if (a.name[i] != b.name[j]) return a.name[i] < b.name[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&](const std::string& s, size_t& at) {
      while (at < s.size() && s[at] == '0') ++at;
      const size_t first = at;
      while (at < s.size() && digit(s[at])) ++at;
      return std::string_view(s).substr(first, at - first);
    };
    const std::string_view x = number(a.name, i), y = number(b.name, j);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  const size_t left_of_a = a.name.size() - i, left_of_b = b.name.size() - j;
  return left_of_a != left_of_b ? left_of_a < left_of_b : a.name < b.name;
}

// Initialisers and constants whose name, or whose node's, contains `part`.
std::vector<Named> tensors_named(const OnnxModel& model, std::string_view part) {
  std::vector<Named> found;
  const auto add = [&](const std::string& name, const TensorPtr& t) {
    if (t->size() > 0 && size_t(t->size()) <= kMostNumbers && t->type != DType::boolean) found.push_back({name, t});
  };
  for (const auto& [name, tensor] : model.initialisers) {
    if (name.find(part) != name.npos) add(name, tensor);
  }
  for (const OnnxNode& node : model.nodes) {
    const auto value = node.attributes.find("value");
    if (node.op_type != "Constant" || node.outputs.size() != 1 || value == node.attributes.end()) continue;
    const TensorPtr* tensor = std::get_if<TensorPtr>(&value->second);
    if (!tensor) continue;
    if (node.outputs[0].find(part) != std::string::npos) {
      add(node.outputs[0], *tensor);
    } else if (node.name.find(part) != std::string::npos) {
      add(node.name, *tensor);
    }
  }
  std::ranges::sort(found, comes_before);
  return found;
}

bool holds_all_levels(const Shape& s) {
  return (s.size() == 3 && s[2] == 2) || (s.size() == 6 && s[1] == 1 && s[3] == 1 && s[4] == 1 && s[5] == 2);
}
bool holds_a_level(const Shape& s) { return s.size() == 5 && s[0] == 1 && s[2] == 1 && s[3] == 1 && s[4] == 2; }

void add_tensors(std::vector<AnchorTable>& tables, const OnnxModel& model, std::string_view part, bool in_pixels) {
  const std::vector<Named> tensors = tensors_named(model, part);
  AnchorTable by_level{.name = "", .in_pixels = in_pixels, .levels = 0, .sizes = {}};
  bool good = true;
  for (const Named& t : tensors) {
    if (holds_all_levels(t.tensor->shape)) {
      AnchorTable whole{.name = t.name, .in_pixels = in_pixels, .levels = t.tensor->shape[0], .sizes = {}};
      if (add_sizes(whole, t.tensor->as_doubles())) tables.push_back(std::move(whole));
    } else if (holds_a_level(t.tensor->shape)) {
      if (by_level.levels == 0) by_level.name = t.name;
      const size_t before = by_level.sizes.size(), first = by_level.levels ? before / size_t(by_level.levels) : 0;
      good = good && add_sizes(by_level, t.tensor->as_doubles());
      good = good && (by_level.levels == 0 || by_level.sizes.size() - before == first);
      ++by_level.levels;
    }
  }
  if (good && by_level.levels > 0) tables.push_back(std::move(by_level));
}

// ---- text -----------------------------------------------------------------------------------------------------------

// Nested lists from left to right; `ok` turns false at the first thing that does not belong.
class ListReader {
 public:
  explicit ListReader(std::string_view text) : text_(text) {}

  std::optional<AnchorTable> read() {
    const int depth = list(1);
    skip_space();
    if (!ok_ || at_ != text_.size()) return std::nullopt;
    AnchorTable table{.name = "the property 'anchors'", .in_pixels = false, .levels = 0, .sizes = {}};
    if (!add_sizes(table, numbers_)) return std::nullopt;
    // A list of lists of two numbers is one of anchors; of longer ones, or three deep, it is one of levels.
    if (depth == 3 || (depth == 2 && numbers_.size() / size_t(outermost_) > 2)) table.levels = outermost_;
    if (depth == 3 && innermost_ != 2) return std::nullopt;
    return table;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void number() {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    ok_ = ok_ && error == std::errc() && numbers_.size() < kMostNumbers;
    if (!ok_) return;
    at_ = size_t(end - text_.data());
    numbers_.push_back(value);
  }
  // How many lists deep it is; all parts of a list are equally deep, and hold as many numbers.
  int list(int level) {
    const char close = take('[') ? ']' : take('(') ? ')' : '\0';
    ok_ = ok_ && close != '\0' && level < kMostDepth;
    int inner = -1;
    int64_t parts = 0;
    size_t of_first = 0;
    while (ok_ && !take(close)) {
      const size_t before = numbers_.size();
      skip_space();
      const bool nested = at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(');
      const int depth = nested ? list(level + 1) : (number(), 0);
      if (parts++ == 0) inner = depth, of_first = numbers_.size() - before;
      ok_ = ok_ && depth == inner && numbers_.size() - before == of_first;
      if (!take(',')) {
        ok_ = ok_ && take(close);
        break;
      }
    }
    ok_ = ok_ && parts > 0;
    if (inner == 0) ok_ = ok_ && (innermost_ == 0 || innermost_ == parts), innermost_ = parts;
    if (level == 1) outermost_ = parts;
    return inner + 1;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
  std::vector<double> numbers_;
  int64_t outermost_ = 0, innermost_ = 0;
};

}  // namespace

std::optional<AnchorTable> parse_anchors(std::string_view literal) {
  if (literal.size() > kMostText) return std::nullopt;
  return ListReader(literal).read();
}

std::vector<AnchorTable> anchors_of(const OnnxModel& model) {
  std::vector<AnchorTable> tables;
  add_tensors(tables, model, "anchor_grid", true);
  add_tensors(tables, model, "anchors", false);
  if (const auto property = model.metadata.find("anchors"); property != model.metadata.end()) {
    if (auto table = parse_anchors(property->second)) tables.push_back(std::move(*table));
  }
  return tables;
}

}  // namespace sparsec::importer
