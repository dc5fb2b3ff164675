// The command line's words, before CLI11 takes them apart.
#include "compiler/cli/words.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"

namespace sparsec::cli {
namespace {

bool are_numbers(std::string_view word) { return numbers_in(word).has_value(); }

bool is_no_model(std::string_view word) {
  return !word.starts_with('-') && !word.ends_with(".onnx") && !word.ends_with(".so");
}

struct ListOption {
  std::string_view name;
  bool (*belongs)(std::string_view word);  // asked of the second word on: the first is the option's in any case
  size_t most = 0;                         // numbers in all; 0: any count, and each word stays one
};
constexpr std::array<ListOption, 3> kLists{
    {{"--input-shape", are_numbers, 2}, {"--anchors", are_numbers}, {"--images", is_no_model}}};

const ListOption* list_of(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  const auto it = std::ranges::find(kLists, name, &ListOption::name);
  return it == kLists.end() ? nullptr : &*it;
}

size_t numbers_of(std::string_view word) { return size_t(std::ranges::count(word, ',')) + 1; }

}  // namespace

Words end_lists(const Words& words) {
  Words out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") return out.insert(out.end(), words.begin() + ptrdiff_t(i), words.end()), out;
    const ListOption* list = list_of(words[i]);
    out.push_back(words[i]);
    if (!list) continue;
    if (words[i].size() == list->name.size()) {  // the first word stands alone, not behind a =
      if (i + 1 == words.size()) break;
      out.push_back(words[++i]);
    }
    for (; i + 1 < words.size() && list->belongs(words[i + 1]); ++i) {
      const std::string& next = words[i + 1];
      if (list->most == 0) {
        out.emplace_back(list->name);
        out.push_back(next);
      } else if (numbers_of(out.back()) + numbers_of(next) <= list->most) {
        out.back() += "," + next;
      } else {
        break;
      }
    }
  }
  return out;
}

void refuse_empty(const Words& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1)
      throw UsageError(word.substr(0, word.size() - 1) + ": the value is empty");
    if (!word.empty()) continue;
    if (i > 0 && words[i - 1].starts_with('-')) throw UsageError(words[i - 1] + ": the value is empty");
    throw UsageError("word " + std::to_string(i + 1) + " of the command line is empty");
  }
}

}  // namespace sparsec::cli
