// --tune: measures the cost model's close calls on this machine.
//
// A call is close where the model predicts that a kernel takes less than kClose times as long as the best. Each family
// of kernels is compiled once, with every close call decided for it, and the libraries are timed layer by layer in
// turns; the least of a layer's medians counts, for other work on the machine only ever adds time. At the end the whole
// model runs with the new choices and with the old ones, in turns again, and the old ones stay where the new ones do
// not win.
#pragma once

#include <string>

#include "compiler/cli/options.h"
#include "compiler/cli/plan_file.h"

namespace sparsec::cli {

inline constexpr double kClose = 2.0;

// Tunes every target in the options; throws CompileError where this machine lacks one. Tells how far it is on stderr
// and what it found on stdout.
PlanFile tune(const std::string& path, const ModelOptions& options);

}  // namespace sparsec::cli
