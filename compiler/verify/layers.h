// Compiled code against the oracle, layer by layer: each node's steps run alone, on inputs that the oracle computed.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/engine/runtime_api.h"
#include "compiler/ir/graph.h"
#include "compiler/plan/plan.h"

namespace sparsec {

// Of float results, relative to the largest value. They are specified to the bit too, but it is integers that must
// keep it.
constexpr double kFloatTolerance = 1e-4;

// One output of one node (or of the whole model).
struct Agreement {
  std::string name;  // the node's, or the model output's
  std::string op;
  bool integer = false;  // u8: differences are steps; else absolute differences of floats
  int64_t elements = 0, equal = 0;
  double worst = 0;
  double largest = 0;  // of floats: the largest finite magnitude that was expected
  double share() const { return elements ? double(equal) / double(elements) : 1; }
  bool good() const { return integer ? equal == elements : std::isfinite(worst) && worst <= kFloatTolerance * largest; }
};

Agreement compare(std::string name, std::string op, const Tensor& ours, const Tensor& expected);

// What runs the entries of a plan's schedule: compiled code, or the interpreter of the kernel IR for instruction sets
// that this CPU lacks.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual std::byte* arena() = 0;
  virtual void run(uint32_t entry, const std::vector<const void*>& in, const std::vector<void*>& out) = 0;
};
// Both arguments must outlive it.
std::unique_ptr<Machine> compiled_machine(const sparsec_runtime_api& runtime, sparsec_rt_context* context);
std::unique_ptr<Machine> interpreting_machine(const Plan& plan);  // `plan` must outlive it

// `plan` is what the machine runs, without columns; `values` is what the oracle computed. Calls
// `on_node` before each node.
std::vector<Agreement> verify_layers(const Graph& graph, const Plan& plan, Machine& machine,
                                     const std::map<ValueId, TensorPtr>& values,
                                     const std::function<void(const Node&)>& on_node);

}  // namespace sparsec
