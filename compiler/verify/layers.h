// Compiled code against the oracle, layer by layer: each node's steps run alone, on inputs that the oracle computed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/engine/runtime_api.h"
#include "compiler/ir/graph.h"
#include "compiler/plan/plan.h"

namespace sparsec {

// One output of one node (or of the whole model).
struct Agreement {
  std::string name;  // the node's, or the model output's
  std::string op;
  bool integer = false;  // u8: differences are steps; else absolute differences of floats
  int64_t elements = 0, equal = 0;
  double worst = 0;
  double share() const { return elements ? double(equal) / double(elements) : 1; }
};

Agreement compare(std::string name, std::string op, const Tensor& ours, const Tensor& expected);

// `context` runs the program that was made from `plan`, without columns; `values` is what the oracle computed. Calls
// `on_node` before each node.
std::vector<Agreement> verify_layers(const Graph& graph, const Plan& plan, const sparsec_runtime_api& runtime,
                                     sparsec_rt_context* context, const std::map<ValueId, TensorPtr>& values,
                                     const std::function<void(const Node&)>& on_node);

}  // namespace sparsec
