// The runtime's loop over the schedule, single-threaded, with the interpreter in place of machine code.
#include "compiler/verify/simulate.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "codegen/interpret.h"
#include "compiler/error.h"
#include "runtime/core/steps.h"

namespace sparsec {
namespace {

sparsec_kernel runtime_step(std::string_view name) {
  static constexpr std::pair<std::string_view, sparsec_kernel> kSteps[] = {
      {"copy", SPARSEC_STEP(copy)},
      {"fill", SPARSEC_STEP(fill)},
      {"unary", SPARSEC_STEP(unary)},
      {"binary", SPARSEC_STEP(binary)},
      {"quantise", SPARSEC_STEP(quantise)},
      {"dequantise", SPARSEC_STEP(dequantise)},
      {"cast", SPARSEC_STEP(cast)},
      {"softmax", SPARSEC_STEP(softmax)},
      {"max_pool", SPARSEC_STEP(max_pool)},
      {"resize", SPARSEC_STEP(resize)},
      {"gather_row", SPARSEC_STEP(gather_row)},
      {"decode_row", SPARSEC_STEP(decode_row)},
  };
  for (const auto& [key, step] : kSteps)
    if (key == name) return step;
  SPARSEC_CHECK(false, "no ready-made step " + std::string(name));
}

}  // namespace

// Room in front, because a flat loop may read a row above the first plane; the arena starts poisoned, so that nothing
// relies on zeros.
Simulator::Simulator(const Plan& plan)
    : plan_(plan), front_(4096), arena_(size_t(plan.program.arena_bytes) + 2 * front_, 0xa5) {}

void Simulator::bind(std::vector<const void*> inputs, std::vector<void*> outputs) {
  inputs_ = std::move(inputs);
  outputs_ = std::move(outputs);
}

void Simulator::run(const std::vector<TensorPtr>& inputs, std::vector<Tensor>& outputs) {
  std::vector<const void*> in;
  for (const TensorPtr& t : inputs) in.push_back(t->bytes.data());
  std::vector<void*> out;
  for (Tensor& t : outputs) out.push_back(t.bytes.data());
  bind(std::move(in), std::move(out));
  for (const sparsec_work& work : plan_.program.schedule) run_step(work.step, work.begin, work.end);
}

void Simulator::run_step(size_t index, int64_t begin, int64_t end) {
  const ProgramImage& program = plan_.program;
  const StepImage& step = program.steps[index];
  for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
    const CallImage& call = program.calls[c];
    std::array<const void*, 2 * SPARSEC_MAX_POINTERS> pointers{};
    for (uint32_t i = 0; i < call.pointers; ++i) {
      const sparsec_pointer& p = program.pointers[call.first_pointer + i];
      const uint8_t* base = nullptr;
      switch (p.space) {
        case SPARSEC_ARENA:
          base = arena();
          break;
        case SPARSEC_CONSTANTS:
          base = program.constants.data();
          break;
        case SPARSEC_INPUT:
          base = static_cast<const uint8_t*>(inputs_.at(p.index));
          break;
        default:
          base = static_cast<const uint8_t*>(outputs_.at(p.index));
      }
      pointers[i] = base + p.offset + p.stride * begin;
      pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(p.stride);
    }
    if (call.function >= 0)
      kir::interpret(*plan_.isa, program.functions[size_t(call.function)], pointers.data(), end - begin);
    else
      runtime_step(call.runtime_step)(pointers.data(), end - begin);
  }
}

}  // namespace sparsec
