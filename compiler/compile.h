// The compiler from end to end: an ONNX file in, a ModelImage out, ready for the emitters.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codegen/emit/image.h"
#include "compiler/analysis/sparsity.h"
#include "compiler/import/import.h"
#include "compiler/ir/graph.h"
#include "compiler/plan/plan.h"

namespace sparsec {

struct CompileOptions {
  ImportOptions import;
  std::vector<std::array<float, 2>> anchors;  // of raw heads, width and height in pixels; empty: YOLOv5's own
  std::vector<const Isa*> targets;            // empty: the best that this CPU runs
  std::string name = "model";                 // prefix of every symbol, a C identifier
  std::string cpp_namespace;                  // empty: the name
  std::string options_text;                   // as given, for the header's comment
  PlanOptions plan;
  // That will run it, where that is known: a strip for each, unless a batch has a picture for each
  // (runtime/core/run.h). The batch may be the file's own, so it is the compiler that decides, and tells it in the
  // header's comment. 0: as many strips as `plan` says.
  int threads = 0;
  std::map<std::string, KernelChoices> kernels;  // by instruction set: instead of the cost model's choice
  std::string kernels_file;                      // where they are from, for messages: "--plan: yolo.plan.json"
  std::string kernels_model, kernels_sha256;     // that they were measured for; empty: not told
  bool order_channels = true;
  // Called after each pass with its name and the graph; for --dump-ir and progress.
  std::function<void(const std::string& pass, const Graph& graph, bool changed)> on_pass;
};

// How many strips a picture of such a batch is cut into where it can be.
int32_t strips_for(const CompileOptions& options, int64_t batch);

struct Compiled {
  Graph imported;           // the real dialect, as import made it: the float meaning of the model
  Graph graph;              // what the kernels compute; the oracle runs it bit for bit
  SparsityReport sparsity;  // before strides became phases: counts agree with the ONNX file
  std::vector<Plan> plans;  // one per target, in the order of `image.programs`
  ModelImage image;
};

// Throws CompileError when the model cannot be compiled.
Compiled compile(const std::string& path, const CompileOptions& options);

// The front half only, for analysis and tests: import and passes.
Graph run_passes(Graph graph, const CompileOptions& options);

// ISAs that this CPU runs, best first.
std::vector<const Isa*> host_isas();

}  // namespace sparsec
