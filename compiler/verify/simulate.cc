// The runtime's loop over the schedule (runtime/core/run.cc), with the interpreter in place of machine code.
//
// Threads are simulated by an order that only barriers forbid to differ from the usual one: between two barriers the
// last thread does all its shares first, and the first thread comes last. If entries that no barrier parts touched the
// same bytes, results would differ from those of one thread.
#include "compiler/verify/simulate.h"

#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "codegen/interpret.h"
#include "compiler/error.h"
#include "runtime/core/letterbox.h"
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
      {"repeat", SPARSEC_STEP(repeat)},
      {"split_row", SPARSEC_STEP(split_row)},
      {"decode_row", SPARSEC_STEP(decode_row)},
      {"letterbox", SPARSEC_STEP(letterbox)},
  };
  for (const auto& [key, step] : kSteps)
    if (key == name) return step;
  SPARSEC_CHECK(false, "no ready-made step " + std::string(name));
}

}  // namespace

// The arena is as long as the plan says, so that a sanitizer sees what runs over it (of strips, over the last one), and
// starts poisoned, so that nothing relies on zeros.
Simulator::Simulator(const Plan& plan)
    : plan_(plan), arena_(size_t(plan.program.arena_bytes * plan.program.strips), 0xa5) {}

void Simulator::bind(std::vector<const void*> inputs, std::vector<void*> outputs) {
  inputs_ = std::move(inputs);
  outputs_ = std::move(outputs);
}

void Simulator::run(const std::vector<TensorPtr>& inputs, std::vector<Tensor>& outputs, int threads, int64_t caches) {
  caches_ = caches;
  std::vector<const void*> in;
  for (const TensorPtr& t : inputs) in.push_back(t->bytes.data());
  std::vector<void*> out;
  for (Tensor& t : outputs) out.push_back(t.bytes.data());
  bind(std::move(in), std::move(out));
  run_entries(plan_.program.schedule, 0, plan_.program.schedule.size(), threads);
}

void Simulator::detect(const uint8_t* rgb, int rows, int columns,
                       const std::function<void(const sparsec_level&)>& at_level, int threads, int64_t caches) {
  caches_ = caches;
  const sparsec_head& head = plan_.program.head;
  std::vector<rt::Picture> pictures(static_cast<size_t>(threads));
  constexpr size_t kLine = 64;
  std::vector<char> scratch(rt::letterbox_scratch_bytes(head.input_columns, threads) + kLine);
  void* aligned = scratch.data();
  size_t room = scratch.size();
  std::align(kLine, room - kLine, aligned, room);
  rt::letterbox_begin(pictures.data(), threads, rgb, ptrdiff_t{3} * columns,
                      rt::fit(rows, columns, head.input_rows, head.input_columns), static_cast<char*>(aligned));
  picture_ = pictures.data();
  size_t done = 0;
  for (uint32_t k = 0; k < head.levels; ++k) {
    run_entries(plan_.program.detect_schedule, done, head.level[k].ready, threads);
    done = head.level[k].ready;
    at_level(head.level[k]);
  }
  picture_ = nullptr;
}

void Simulator::run_entries(const std::vector<sparsec_work>& schedule, size_t first, size_t end, int threads) {
  rt::Picture* const pictures = picture_;
  const rt::Team team{threads, plan_.program.strips};
  const auto meet_between = [&](const sparsec_work& before, const sparsec_work& after) {
    return rt::meets_after(before, plan_.program.steps[before.step].tiles, team, caches_) ||
           rt::meets_before(after, team);
  };
  for (size_t last = first; first < end; first = last) {
    do ++last;
    while (last < end && !meet_between(schedule[last - 1], schedule[last]));
    for (int thread = threads; thread-- > 0;) {
      if (pictures) picture_ = pictures + thread;
      for (size_t e = first; e < last; ++e) run_share(schedule[e], thread, team);
    }
  }
  picture_ = pictures;
}

void Simulator::run_share(const sparsec_work& work, int thread, const rt::Team& team) {
  const StepImage& step = plan_.program.steps[work.step];
  rt::share_entry(
      work, step, plan_.program.calls.data() + step.first_call, team, thread, caches_,
      [&](int strip, uint32_t c, int64_t begin, int64_t end) { run_call(step.first_call + c, strip, begin, end); });
}

void Simulator::run_step(size_t index, int strip, int64_t begin, int64_t end) {
  if (begin == end) return;
  const StepImage& step = plan_.program.steps[index];
  for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c)
    if (rt::has_neighbour(plan_.program.calls[c], strip, plan_.program.strips)) run_call(c, strip, begin, end);
}

void Simulator::run_call(uint32_t index, int strip, int64_t begin, int64_t end) {
  const ProgramImage& program = plan_.program;
  const CallImage& call = program.calls[index];
  std::array<const void*, 2 * SPARSEC_MAX_POINTERS> pointers{};
  for (uint32_t i = 0; i < call.pointers; ++i) {
    const sparsec_pointer& p = program.pointers[call.first_pointer + i];
    const uint8_t* base = nullptr;
    switch (p.space) {
      case SPARSEC_ARENA:
        base = arena(strip);
        break;
      case SPARSEC_CODE:  // nobody reads it
      case SPARSEC_CONSTANTS:
        base = program.constants.data();
        break;
      case SPARSEC_INPUT:
        base = static_cast<const uint8_t*>(inputs_.at(p.index));
        break;
      case SPARSEC_PICTURE:
        base = reinterpret_cast<const uint8_t*>(picture_);
        break;
      default:
        base = static_cast<const uint8_t*>(outputs_.at(p.index));
    }
    pointers[i] = base + p.offset + p.strip * strip + p.stride * begin;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): abi.h has it so
    pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(p.stride);
  }
  if (call.function >= 0)
    kir::interpret(*plan_.isa, program.functions[size_t(call.function)], pointers.data(), end - begin);
  else
    runtime_step(call.runtime_step)(pointers.data(), end - begin);
}

}  // namespace sparsec
