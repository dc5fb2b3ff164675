// sparsec cache: what the cache of compiled models holds, and cleaning it.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>
#include <string>

#include "compiler/cli/cache.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  bool clean = false;
  std::optional<double> older_than_days;
};

Result list_or_clean(const Arguments& a) {
  const Cache cache;
  if (cache.folder().empty()) {
    fmt::print("There is no cache: neither XDG_CACHE_HOME nor HOME names a folder.\n");
    return kOk;
  }
  const std::time_t now = std::time(nullptr);
  int64_t bytes = 0, count = 0;
  for (const Cache::Entry& entry : cache.entries()) {
    if (a.older_than_days && std::difftime(now, entry.used) < *a.older_than_days * 86400) continue;
    if (a.clean) {
      Cache::remove(entry);
    } else {
      fmt::print("{:%Y-%m-%d %H:%M}  {:7.1f} MB  {}\n", fmt::localtime(entry.used), double(entry.bytes) / 1e6,
                 entry.about);
    }
    bytes += entry.bytes;
    ++count;
  }
  if (a.clean) cache.remove_left_over();
  const std::string unused = a.older_than_days ? fmt::format(" not used for {:g} {}", *a.older_than_days,
                                                             *a.older_than_days == 1 ? "day" : "days")
                                               : "";
  fmt::print("{}: {} {}{}, {:.1f} MB{}\n", cache.folder().string(), count, count == 1 ? "library" : "libraries", unused,
             double(bytes) / 1e6, a.clean ? " removed" : "");
  return kOk;
}

}  // namespace

void add_cache(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("cache", "List or clean the models that were compiled on the way");
  const auto a = std::make_shared<Arguments>();
  command->add_flag("--clean", a->clean, "Remove the libraries instead of listing them");
  command->add_option("--older-than", a->older_than_days, "Only those not used for this many days")
      ->check(number(0, 36500))
      ->type_name("DAYS");
  command->footer(
      "Commands that are given an .onnx compile it and keep the library in $XDG_CACHE_HOME/sparsec, else in "
      "~/.cache/sparsec. The least recently used go\n"
      "when the cache passes 2 GB.\n\n"
      "  sparsec cache                           last use, size, model and options of each\n"
      "  sparsec cache --older-than 30           only those not used for 30 days\n"
      "  sparsec cache --clean --older-than 30   removes them\n");
  command->callback([a, &result] { result = list_or_clean(*a); });
}

}  // namespace sparsec::cli
