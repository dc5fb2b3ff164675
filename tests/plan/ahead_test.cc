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

TEST(Ahead, IsTheNextConvolution) {
  constexpr uint32_t kStream = 1;  // a kernel's pointer
  int asked = 0, over_the_end = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    for (const char* name : {"avx512_vnni", "amx", "avx2"}) {
      const Isa& isa = *find_isa(name);
      PlanOptions options;
      options.kernel = "unrolled";
      const ProgramImage program = make_plan(graph, isa, options).program;
      for (const StepImage& step : program.steps)
        for (size_t i = step.first_call; i < step.first_call + step.calls; ++i) {
          const CallImage& call = program.calls[i];
          for (uint32_t p = call.first_pointer; p < call.first_pointer + call.pointers; ++p) {
            if (program.pointers[p].space != SPARSEC_CODE) continue;
            ASSERT_TRUE(has_text(isa, kir::Opcode::prefetch)) << name;
            const size_t next = next_of(program, i);
            EXPECT_EQ(program.pointers[p].index, next) << "seed " << seed;
            EXPECT_GT(program.pointers[p].stride, 0);
            const sparsec_pointer& ahead = program.pointers[p - 1];
            const sparsec_pointer& stream = program.pointers[program.calls[next].first_pointer + kStream];
            EXPECT_EQ(ahead.space, uint32_t(SPARSEC_CONSTANTS));
            EXPECT_EQ(ahead.offset, stream.offset) << "seed " << seed;
            ++asked;
            over_the_end += next != i && next >= step.first_call + step.calls;
          }
        }
    }
  }
  EXPECT_GT(asked, 50);
  EXPECT_GT(over_the_end, 5);
}

}  // namespace
}  // namespace sparsec
