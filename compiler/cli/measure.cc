// The plan that runs is the one of the instruction set that the runtime chose.
#include "compiler/cli/measure.h"

#include <algorithm>

#include "compiler/cli/build_model.h"
#include "compiler/cli/heartbeat.h"
#include "compiler/error.h"

namespace sparsec::cli {
namespace {

std::vector<LayerWork> layers_of_running(const OpenedModel& opened) {
  const sparsec_program& program = *opened.model.runtime().program(opened.model.context());
  if (!opened.compiled) return layers_of(program);
  const std::vector<Plan>& plans = opened.compiled->plans;
  const auto plan = std::find_if(plans.begin(), plans.end(), [&](const Plan& p) { return p.isa->name == program.isa; });
  SPARSEC_CHECK(plan != plans.end() && plan->program.steps.size() == program.n_steps, program.isa);
  return layers_of(*opened.compiled, *plan);
}

}  // namespace

OpenedModel open_with_plan(const std::string& path, const ModelOptions& model_options,
                           const LoadOptions& load_options) {
  if (is_ready_to_run(path, model_options)) return {nullptr, LoadedModel(engine::load(path), path, load_options)};
  auto compiled =
      std::make_shared<const Compiled>(compile_with_progress(path, options_for(path, model_options, load_options)));
  const Heartbeat heartbeat("assembling " + path);
  return {compiled, LoadedModel(engine::load(compiled->image), path, load_options)};
}

const Isa& isa_of(const LoadedModel& model) {
  const Isa* isa = find_isa(model.isa());
  if (!isa)
    throw CompileError(model.source() + ": made for instruction set " + model.isa() + ", which is unknown here");
  return *isa;
}

Measured measure_layers(const OpenedModel& opened, const NoiseTensors& tensors, RoofBench& roofs, double seconds) {
  const LoadedModel& model = opened.model;
  Measured m;
  m.known = opened.compiled != nullptr;
  m.isa = model.isa();
  m.threads = model.threads();
  m.batch = model.batch();
  m.layers = layers_of_running(opened);
  roofs.sample();
  m.times = time_layers(model.runtime(), model.context(), tensors.in(), tensors.out(), m.layers, seconds);
  roofs.sample();
  m.roofs = roofs.best();
  return m;
}

}  // namespace sparsec::cli
