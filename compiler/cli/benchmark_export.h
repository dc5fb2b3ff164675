// `benchmark -x FILE`: the result as JSON, under the names that DeepSparse's benchmark gives it, and beside them the
// machine and the layers.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compiler/cli/layer_report.h"
#include "compiler/cli/session.h"
#include "compiler/cli/streams.h"
#include "sparsec/benchmark.h"

namespace sparsec::cli {

nlohmann::ordered_json benchmark_json(const LoadedModel& model, const BenchmarkOptions& timing, const Streams& streams,
                                      const BenchmarkResult& result, const Measured* layers);

// Indented by two. Throws CompileError when it cannot be written.
void write_json(const std::string& path, const nlohmann::ordered_json& json);

}  // namespace sparsec::cli
