// Times the layers of a loaded model beside the limits of the machine.
#pragma once

#include <memory>
#include <string>

#include "compiler/cli/layer_report.h"
#include "compiler/cli/noise.h"
#include "compiler/cli/session.h"

namespace sparsec::cli {

// A model ready to run, and what was compiled; null for a library.
struct OpenedModel {
  std::shared_ptr<const Compiled> compiled;
  LoadedModel model;
};
// Compiles anew: what a cached library holds is code without a plan.
OpenedModel open_with_plan(const std::string& path, const ModelOptions& model_options, const LoadOptions& load_options);

// For `seconds`; the machine's limits are sampled before and after, and by the caller at any time in between.
Measured measure_layers(const OpenedModel& opened, const NoiseTensors& tensors, RoofBench& roofs, double seconds);

// The instruction set that the model runs on, for RoofBench.
const Isa& isa_of(const LoadedModel& model);

}  // namespace sparsec::cli
