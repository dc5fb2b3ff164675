// What kernels ask for ahead is what runs next: the stream and the code of the next call, over a layer's end too.
#include <gtest/gtest.h>

#include "compiler/passes/passes.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/slots.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {
bool is_convolution(const ProgramImage& program, const CallImage& call) {
  return call.function >= 0 && program.functions[size_t(call.function)].name.starts_with("conv");
}

// The next convolution's call behind call i, or i where there is none.
size_t next_of(const ProgramImage& program, size_t i) {
  for (size_t next = i + 1; next < program.calls.size(); ++next)
    if (is_convolution(program, program.calls[next])) return next;
  return i;
}

// Of calls that ask for code, both pointers; of those of tiles, the last pointer. How many ask, and how many of them
// for what runs in another step.
struct Asked {
  int all = 0, over_the_end = 0;
};
Asked check(const ProgramImage& program, const std::string& where) {
  constexpr uint32_t kStream = 1;  // a kernel's pointer
  Asked asked;
  for (const StepImage& step : program.steps)
    for (size_t i = step.first_call; i < step.first_call + step.calls; ++i) {
      const CallImage& call = program.calls[i];
      if (!is_convolution(program, call)) continue;
      uint32_t last = call.first_pointer + call.pointers - 1;
      const size_t next = next_of(program, i);
      if (program.pointers[last].space == SPARSEC_CODE) {
        EXPECT_EQ(program.pointers[last].index, next) << where;
        EXPECT_GT(program.pointers[last].stride, 0);
        --last;
      }
      const sparsec_pointer& ahead = program.pointers[last];
      if (ahead.space != SPARSEC_CONSTANTS) continue;  // an output
      const sparsec_pointer& stream = program.pointers[program.calls[next].first_pointer + kStream];
      EXPECT_EQ(ahead.offset, stream.offset) << where;
      ++asked.all;
      asked.over_the_end += next != i && next >= step.first_call + step.calls;
    }
  return asked;
}

TEST(Ahead, IsTheNextConvolution) {
  for (const auto& [name, kernel] : {std::pair{"avx512_vnni", "unrolled"},
                                     {"amx", "unrolled"},
                                     {"amx", "amx"},
                                     {"avx512_vnni", "dense"},
                                     {"avx2", "unrolled"}}) {
    Asked asked;
    for (uint32_t seed = 0; seed < 40; ++seed) {
      PlanOptions options;
      options.kernel = kernel;
      const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
      const Asked here = check(make_plan(graph, *find_isa(name), options).program,
                               std::string(name) + ", " + kernel + ", seed " + std::to_string(seed));
      asked.all += here.all;
      asked.over_the_end += here.over_the_end;
    }
    if (has_text(*find_isa(name), kir::Opcode::prefetch) && kernel != std::string("dense")) {
      EXPECT_GT(asked.all, 20) << name << ", " << kernel;
      EXPECT_GT(asked.over_the_end, 5) << name << ", " << kernel;
    } else {
      EXPECT_EQ(asked.all, 0) << name << ", " << kernel;
    }
  }
}

}  // namespace
}  // namespace sparsec
