// sparsec cache: what the cache of compiled models holds, and cleaning it.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "compiler/cli/cache.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  bool clean = false;
  double older_than_days = 0;
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
    if (a.clean && std::difftime(now, entry.used) < a.older_than_days * 86400) continue;
    if (a.clean) {
      Cache::remove(entry);
    } else {
      fmt::print("{:%Y-%m-%d %H:%M}  {:7.1f} MB  {}\n", fmt::localtime(entry.used), double(entry.bytes) / 1e6,
                 entry.about);
    }
    bytes += entry.bytes;
    ++count;
  }
  fmt::print("{}: {} {}, {:.1f} MB{}\n", cache.folder().string(), count, count == 1 ? "library" : "libraries",
             double(bytes) / 1e6, a.clean ? " removed" : "");
  return kOk;
}

}  // namespace

void add_cache(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("cache", "List or clean the models that were compiled on the way");
  const auto a = std::make_shared<Arguments>();
  command->add_flag("--clean", a->clean, "Remove the libraries instead of listing them");
  command->add_option("--older-than", a->older_than_days, "With --clean: only those not used for this many days")
      ->check(number(0, 36500))
      ->type_name("DAYS");
  command->footer(
      "Commands that are given an .onnx compile it and keep the library in $XDG_CACHE_HOME/sparsec, else in "
      "~/.cache/sparsec. The least recently used go\n"
      "when the cache passes 2 GB.\n\n"
      "  sparsec cache                           last use, size, model and options of each\n"
      "  sparsec cache --clean --older-than 30\n");
  command->callback([a, &result] { result = list_or_clean(*a); });
}

}  // namespace sparsec::cli
