// The runtime's loop over the schedule (runtime/core/run.cc), with the interpreter in place of machine code.
//
// Threads are simulated by an order that only barriers forbid to differ from the usual one: between two barriers the
// last thread does all its shares first, and the first thread comes last. If entries that no barrier parts touched the
// same bytes, results would differ from those of one thread.
#include "compiler/verify/simulate.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "codegen/interpret.h"
#include "compiler/error.h"
#include "runtime/core/pool.h"
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

// The arena is as long as the plan says, so that a sanitizer sees what runs over it, and starts poisoned, so that
// nothing relies on zeros.
Simulator::Simulator(const Plan& plan) : plan_(plan), arena_(size_t(plan.program.arena_bytes), 0xa5) {}

void Simulator::bind(std::vector<const void*> inputs, std::vector<void*> outputs) {
  inputs_ = std::move(inputs);
  outputs_ = std::move(outputs);
}

void Simulator::run(const std::vector<TensorPtr>& inputs, std::vector<Tensor>& outputs, int threads) {
  std::vector<const void*> in;
  for (const TensorPtr& t : inputs) in.push_back(t->bytes.data());
  std::vector<void*> out;
  for (Tensor& t : outputs) out.push_back(t.bytes.data());
  bind(std::move(in), std::move(out));
  const std::vector<sparsec_work>& schedule = plan_.program.schedule;
  for (size_t first = 0, last = 0; first < schedule.size(); first = last) {
    do ++last;
    while (last < schedule.size() && schedule[last - 1].barrier == 0);
    for (int thread = threads; thread-- > 0;)
      for (size_t e = first; e < last; ++e) run_share(schedule[e], thread, threads);
  }
}

void Simulator::run_share(const sparsec_work& work, int thread, int threads) {
  const StepImage& step = plan_.program.steps[work.step];
  if (step.split == 0) {
    const rt::Share share = rt::share_of(work.end - work.begin, thread, threads);
    run_step(work.step, work.begin + share.begin, work.begin + share.end);
  } else {
    for (uint32_t c = 0; c < step.calls; ++c)
      if (int(c / step.split) % threads == thread) run_call(step.first_call + c, work.begin, work.end);
  }
}

void Simulator::run_step(size_t index, int64_t begin, int64_t end) {
  if (begin == end) return;
  const StepImage& step = plan_.program.steps[index];
  for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) run_call(c, begin, end);
}

void Simulator::run_call(uint32_t index, int64_t begin, int64_t end) {
  const ProgramImage& program = plan_.program;
  const CallImage& call = program.calls[index];
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

}  // namespace sparsec
