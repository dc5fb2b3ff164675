// Which channel lies in which slot of a value's planes, and the copies that operators need whose operands disagree.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec {

// By ValueId, for pictures: per int8 slot or float plane the channel, or -1 where there is none.
using SlotMap = std::vector<std::vector<int32_t>>;
SlotMap map_slots(const Graph& graph);

// The last step before planning. Inserts a copy where an operator's operands must have their channels in the same slots
// and have not (the sum of two concatenations whose parts have other channel counts, say), and gives the elementwise
// integer operators on other shapes than pictures the shape of one.
Graph align_slots(Graph graph);

}  // namespace sparsec
