// The Graph's invariants, checked after every pass.
//
// Topological order, single producers, inferred shapes equal to the stored ones, constants of the right size; and by
// stage: from `integerise` on every u8 activation has a quant; from `fuse` on no Conv or BatchNorm is left. A failure
// is a bug of ours: InternalError naming pass and node.
#pragma once

#include <string_view>

#include "compiler/ir/graph.h"

namespace sparsec {

enum class Stage : uint8_t { imported, integer, fused };
void verify(const Graph& graph, Stage stage, std::string_view after_pass);

}  // namespace sparsec
