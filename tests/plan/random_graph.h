// Random graphs of the fused dialect: what the planner may ever be given, in sizes that a naive interpreter can follow.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"

namespace sparsec::testing {

// Equal seeds give equal graphs. Convolutions still have their strides: see passes::lower_strides.
Graph random_graph(uint32_t seed);

// Of more rows, and of operators that seldom keep a picture from being cut into strips.
Graph random_graph_of_strips(uint32_t seed);

// Two convolutions, the second with stride 2 and SiLU, between a quantiser and a dequantiser.
Graph small_graph();

// Random elements of each input's type.
std::vector<TensorPtr> random_inputs(const Graph& graph, uint32_t seed);

}  // namespace sparsec::testing
