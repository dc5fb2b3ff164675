// Some of the random graphs as machine code, against the oracle.
#include <gtest/gtest.h>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/slots.h"
#include "tests/plan/machine_code.h"
#include "tests/plan/random_graph.h"

namespace sparsec {
namespace {

TEST(CompiledRandomGraphs, EqualTheOracle) {
  for (uint32_t seed = 5000; seed < 5012; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = align_slots(passes::lower_strides(testing::random_graph(seed)));
    const std::vector<TensorPtr> inputs = testing::random_inputs(graph, seed);
    testing::expect_machine_code_gives(graph, inputs, oracle::run(graph, inputs));
  }
}

}  // namespace
}  // namespace sparsec
