// Options stand behind the command that they are for.
#include "compiler/cli/placement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/cli/exit_codes.h"

namespace sparsec::cli {
namespace {

// "--batch" or "-b", as typed.
std::string typed_name(const CLI::Option& option, const Words& words) {
  const auto it =
      std::ranges::find_if(words, [&](const std::string& w) { return option.check_name(w.substr(0, w.find('='))); });
  return it == words.end() ? option.get_name() : it->substr(0, it->find('='));
}

// "sparsec detect MODEL IMAGE"
std::string usage_of(const CLI::App& command) {
  std::string usage = "sparsec " + command.get_name();
  for (const CLI::Option* o : command.get_options())
    if (o->get_positional() && o->get_required()) usage += " " + o->get_name(true);
  return usage;
}

}  // namespace

void check_placement(const CLI::App& app, const Words& words) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const std::vector<CLI::Option*>& given = app.parse_order();
  if (chosen.empty() || given.empty()) return;
  const CLI::App& command = *chosen.front();
  const auto option = std::ranges::find_if(given, [](const CLI::Option* o) { return !o->get_positional(); });
  if (option == given.end()) {
    throw UsageError(fmt::format("'{}' stands before '{}': write {}", given.front()->results().front(),
                                 command.get_name(), usage_of(command)));
  }
  const std::string name = typed_name(**option, words);
  if (!command.get_option_no_throw(name)) {
    throw UsageError(fmt::format("{} stands before '{}', which has no such option: compile and {} one after the other",
                                 name, command.get_name(), command.get_name()));
  }
  const std::string value =
      (*option)->get_expected_max() == 0 ? "" : fmt::format(" {}", fmt::join((*option)->results(), " "));
  throw UsageError(
      fmt::format("{} stands before '{}': write {} {}{}", name, command.get_name(), usage_of(command), name, value));
}

}  // namespace sparsec::cli
