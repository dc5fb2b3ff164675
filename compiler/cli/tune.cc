// The measuring of one instruction set after the other.
#include "compiler/cli/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/cli/build_model.h"
#include "compiler/cli/machine.h"
#include "compiler/cli/noise.h"
#include "compiler/cli/session.h"
#include "compiler/error.h"
#include "compiler/measure/layers.h"
#include "sparsec/benchmark.h"
#include "sparsec/logging.h"

namespace sparsec::cli {
namespace {

constexpr int kRounds = 5;
constexpr double kSeconds = 0.3;         // a library, a round
constexpr double kWorthChanging = 0.97;  // of the best's time, or noise would choose

// A model compiled with some choices, ready to run.
class Candidate {
 public:
  Candidate(const std::string& path, CompileOptions options, const Isa& isa, const KernelChoices& choices)
      : compiled_(compile(path, with(std::move(options), isa, choices))),
        model_(engine::load(compiled_.image), path, {.isa = std::string(isa.name)}),
        tensors_(model_),
        layers_(layers_of(compiled_, compiled_.plans.front())) {}

  const Plan& plan() const { return compiled_.plans.front(); }
  // Detection has convolutions of its own, which a run does not pass.
  bool runs(const std::string& node) const { return std::ranges::count(layers_, node, &LayerWork::name) > 0; }
  const std::string& sha256() const { return compiled_.image.sha256; }
  int threads() const { return model_.threads(); }

  // Lowers `best`, by layer, to this round's medians.
  void time_layers_into(std::map<std::string, double>& best) const {
    const LayerTimes times =
        time_layers(model_.runtime(), model_.context(), tensors_.in(), tensors_.out(), layers_, kSeconds);
    for (size_t i = 0; i < layers_.size(); ++i) {
      const auto [at, fresh] = best.try_emplace(layers_[i].name, times.layers[i].ms);
      if (!fresh) at->second = std::min(at->second, times.layers[i].ms);
    }
  }
  double median_ms() const {
    const BenchmarkOptions timing{.warmup_seconds = 0.05, .seconds = kSeconds};
    return benchmark([this] { model_.run(tensors_.in(), tensors_.out()); }, timing).latency_ms.median();
  }

 private:
  static CompileOptions with(CompileOptions options, const Isa& isa, const KernelChoices& choices) {
    options.targets = {&isa};
    options.kernels = {{std::string(isa.name), choices}};
    return options;
  }

  Compiled compiled_;
  LoadedModel model_;
  NoiseTensors tensors_;
  std::vector<LayerWork> layers_;
};

// The families that come close in one layer, best first.
std::vector<kernels::ConvFamily> close_calls(const LayerChoice& choice) {
  auto candidates = choice.candidates;
  std::ranges::sort(candidates, {}, [](const auto& c) { return c.second; });
  std::vector<kernels::ConvFamily> close;
  for (const auto& [family, cycles] : candidates)
    if (cycles < kClose * candidates.front().second) close.push_back(family);
  return close;
}

std::string changed(const KernelChoices& before, const KernelChoices& after) {
  size_t n = 0;
  for (const auto& [node, family] : after) n += before.at(node) != family;
  return fmt::format("{} of {} convolutions get another kernel", n, after.size());
}

void tune_isa(const std::string& path, const CompileOptions& options, const Isa& isa, PlanFile& out) {
  Progress progress("tuning " + std::filesystem::path(path).filename().string() + " for " + std::string(isa.name));
  const Candidate model_chosen(path, options, isa, {});
  out.sha256 = model_chosen.sha256();
  out.threads = model_chosen.threads();

  KernelChoices before;
  std::map<kernels::ConvFamily, KernelChoices> by_family;
  for (const LayerChoice& choice : model_chosen.plan().choices) {
    if (!model_chosen.runs(choice.node)) continue;
    before[choice.node] = choice.family;
    const auto close = close_calls(choice);
    for (size_t i = 1; i < close.size(); ++i) by_family[close[i]][choice.node] = close[i];
  }
  std::map<kernels::ConvFamily, Candidate> others;
  for (const auto& [family, choices] : by_family) others.try_emplace(family, path, options, isa, choices);

  std::map<std::string, double> best;
  std::map<kernels::ConvFamily, std::map<std::string, double>> best_of;
  for (int round = 0; round < kRounds; ++round) {
    progress.update(round, fmt::format("round {} of {}", round + 1, kRounds));
    model_chosen.time_layers_into(best);
    for (const auto& [family, candidate] : others) candidate.time_layers_into(best_of[family]);
  }

  KernelChoices after = before;
  MeasuredKernels& measured = out.measured[std::string(isa.name)];
  for (const auto& [node, family] : before) measured[node][kernels::name_of(family)] = best.at(node);
  for (const auto& [family, choices] : by_family)
    for (const auto& [node, same] : choices) {
      const double ms = best_of[family].at(node);
      measured[node][kernels::name_of(family)] = ms;
      if (ms < kWorthChanging * measured[node][kernels::name_of(after[node])]) after[node] = family;
    }

  if (after != before) {
    const Candidate tuned(path, options, isa, after);
    double old_ms = 1e9, new_ms = 1e9;
    for (int round = 0; round < kRounds; ++round) {
      progress.update(round, "comparing");
      old_ms = std::min(old_ms, model_chosen.median_ms());
      new_ms = std::min(new_ms, tuned.median_ms());
    }
    progress.clear();
    fmt::print("{}: {}: {:.3f} ms, by the cost model's choice {:.3f} ms{}\n", isa.name, changed(before, after), new_ms,
               old_ms, new_ms < old_ms ? "" : "; that stays");
    if (new_ms >= old_ms) after = before;
  } else {
    progress.clear();
    fmt::print("{}: the cost model's choice stays for all {} convolutions\n", isa.name, before.size());
  }
  out.kernels[std::string(isa.name)] = after;
}

}  // namespace

PlanFile tune(const std::string& path, const ModelOptions& options) {
  const CompileOptions compiler = options_for(path, options);
  const std::vector<const Isa*> here = host_isas();
  for (const Isa* isa : compiler.targets)
    if (std::ranges::find(here, isa) == here.end())
      throw CompileError("--tune: this machine can't run " + std::string(isa->name) + ", so it can't measure it");
  PlanFile plan;
  plan.model = std::filesystem::path(path).filename().string();
  plan.cpu = cpu_name();
  for (const Isa* isa : compiler.targets) tune_isa(path, compiler, *isa, plan);
  return plan;
}

}  // namespace sparsec::cli
