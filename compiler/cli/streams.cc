// Threads are shared out as evenly as tiles are; every stream has at least one. Pinned, they are neighbours.
#include "compiler/cli/streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/cli/exit_codes.h"
#include "compiler/error.h"
#include "runtime/core/cpu_count.h"
#include "runtime/core/pool.h"

namespace sparsec::cli {
namespace {

int all_threads(const LoadOptions& options) { return options.threads > 0 ? options.threads : rt::usable_cores(); }

}  // namespace

Scenario scenario_of(const std::string& name, std::optional<int> streams, const LoadOptions& options,
                     const std::string& model) {
  Scenario s;
  s.async = name.empty() ? streams.value_or(1) > 1 : name == "async";
  const int threads = all_threads(options);
  s.streams = streams.value_or(s.async ? std::max(1, threads / 2) : 1);
  if (!s.async && s.streams > 1) {
    throw UsageError(
        fmt::format("{}: scenario sync is one stream and {} are asked for; try --scenario async", model, s.streams));
  }
  if (s.streams > threads) {
    const std::string message = fmt::format("{}: {} streams need a thread each and there {} {}; try --threads {}",
                                            model, s.streams, threads == 1 ? "is" : "are", threads, s.streams);
    if (options.threads > 0) throw UsageError(message);
    throw CompileError(message);  // another machine may have them
  }
  return s;
}

LoadOptions options_of_stream(const Scenario& scenario, const LoadOptions& options, int stream) {
  if (scenario.streams == 1) return options;
  LoadOptions out = options;
  const rt::Share share = rt::share_of(all_threads(options), stream, scenario.streams);
  out.threads = int(share.end - share.begin);
  out.first_core = int(share.begin);
  return out;
}

Streams::Streams(const LoadedModel& first, const Scenario& scenario, const LoadOptions& options)
    : scenario_(scenario), first_(first) {
  for (int i = 1; i < scenario.streams; ++i) others_.push_back(first.another(options_of_stream(scenario, options, i)));
  for (int i = 0; i < scenario.streams; ++i) tensors_.emplace_back(first);
}

int Streams::threads() const {
  int n = first_.threads();
  for (const LoadedModel& model : others_) n += model.threads();
  return n;
}

std::vector<std::function<void()>> Streams::runs() const {
  std::vector<std::function<void()>> out;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const LoadedModel& model = i == 0 ? first_ : others_[i - 1];
    out.emplace_back([&model, &tensors = tensors_[i]] { model.run(tensors.in(), tensors.out()); });
  }
  return out;
}

}  // namespace sparsec::cli
