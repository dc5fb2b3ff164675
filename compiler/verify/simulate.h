// Runs a plan without compiling it: kernels by the interpreter of the kernel IR, ready-made steps natively. Any ISA's
// program runs on any machine.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/ir/tensor.h"
#include "compiler/plan/plan.h"
#include "runtime/core/run.h"

namespace sparsec::rt {
struct Picture;
}

namespace sparsec {

class Simulator {
 public:
  explicit Simulator(const Plan& plan);

  // The whole schedule for one picture. Inputs in the order of the graph's; the outputs' shapes and types come from
  // `outputs` and are filled.
  // With more than one of the `threads`, as unordered as its barriers allow (see simulate.cc), and with caches of so
  // many bytes (runtime/core/run.h).
  void run(const std::vector<TensorPtr>& inputs, std::vector<Tensor>& outputs, int threads = 1,
           int64_t caches = rt::kNoCache);

  // Detection's schedule for an RGB picture of rows x columns, with a stop at each level of the head when it is ready
  // (of a lazy one, its objectness): `at_level` may read the arena, and run the level's step.
  void detect(const uint8_t* rgb, int rows, int columns, const std::function<void(const sparsec_level&)>& at_level,
              int threads = 1, int64_t caches = rt::kNoCache);

  // Tiles [begin, end) of one step in a strip; inputs and outputs as set by `bind`.
  void bind(std::vector<const void*> inputs, std::vector<void*> outputs);
  void run_step(size_t step, int strip, int64_t begin, int64_t end);

  uint8_t* arena(int strip = 0) { return arena_.data() + strip * plan_.program.arena_bytes; }

 private:
  void run_entries(const std::vector<sparsec_work>& schedule, size_t first, size_t end, int threads);
  void run_share(const sparsec_work& work, int thread, const rt::Team& team);
  void run_call(uint32_t index, int strip, int64_t begin, int64_t end);

  const Plan& plan_;
  std::vector<uint8_t> arena_;
  int64_t caches_ = rt::kNoCache;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  rt::Picture* picture_ = nullptr;  // of the thread that runs, in detection
};

}  // namespace sparsec
