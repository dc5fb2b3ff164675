// What the compiler tells about a model: its sparsity, its plan, its graph after each pass.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "compiler/analysis/sparsity.h"
#include "compiler/cli/layer_report.h"
#include "compiler/compile.h"

namespace sparsec::cli {

// One line: "60 convolutions, 65.2% of their weights are zero; avx512_vnni; arena 7.1 MB".
std::string summary(const Compiled& compiled);

void print_plans(const Compiled& compiled);
// The kernels that a step of this name calls, in kernel IR; "all" prints every one. Throws CompileError when there is
// no such step.
void print_kernels(const Compiled& compiled, const std::string& layer);
// With what was measured, unless that is null.
void write_report(const std::string& path, const std::string& model, const Compiled& compiled,
                  const Measured* measured = nullptr);

}  // namespace sparsec::cli
