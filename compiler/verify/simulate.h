// Runs a plan without compiling it: kernels by the interpreter of the kernel IR, ready-made steps natively. Any ISA's
// program runs on any machine.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/tensor.h"
#include "compiler/plan/plan.h"

namespace sparsec {

class Simulator {
 public:
  explicit Simulator(const Plan& plan);

  // The whole schedule for one picture. Inputs in the order of the graph's; the outputs' shapes and types come from
  // `outputs` and are filled.
  // With more than one of the `threads`, as unordered as its barriers allow (see simulate.cc).
  void run(const std::vector<TensorPtr>& inputs, std::vector<Tensor>& outputs, int threads = 1);

  // Tiles [begin, end) of one step; inputs and outputs as set by `bind`.
  void bind(std::vector<const void*> inputs, std::vector<void*> outputs);
  void run_step(size_t step, int64_t begin, int64_t end);

  uint8_t* arena() { return arena_.data(); }

 private:
  void run_share(const sparsec_work& work, int thread, int threads);
  void run_call(uint32_t index, int64_t begin, int64_t end);

  const Plan& plan_;
  std::vector<uint8_t> arena_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
};

}  // namespace sparsec
