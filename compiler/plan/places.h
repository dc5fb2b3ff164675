// Decides the form and layout of every value: planes or plain, pitch, borders, channel slots, and which values lie
// inside a concatenation.
#pragma once

#include "compiler/plan/plan.h"

namespace sparsec {

// Whether the node computes on planes (true) or on plain arrays.
bool works_on_planes(const Graph& graph, const Node& node);

// A max-pool that the flat vector kernel can run: stride 1 and the same size in and out.
bool is_flat_pool(const Graph& graph, const Node& node);

Places assign_places(const Graph& graph, const Isa& isa);

}  // namespace sparsec
