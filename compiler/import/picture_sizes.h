// Which sizes of picture a model takes.
//
// Layers of stride 2 round odd sizes, so what is upsampled again may be larger than what it is joined with. Multiples
// of the greatest stride always fit; of other sizes those do whose roundings happen to agree (YOLOv5's stem rounds down
// and the layers behind it up: 58 to 65 all make maps of 2, 4 and 8). So a size is neither taken nor refused by a rule,
// but tried.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "compiler/ir/graph.h"

namespace sparsec::importer {

// Of the pixels of the coarsest map: input rows for each of its rows. The graph may be one whose import broke off.
int64_t greatest_stride(const Graph& graph);

using Size = std::array<int64_t, 2>;  // rows, columns

// Throws a CompileError that names the size and the multiples of the stride next to it, where the model takes one of
// these; returns where it does not, so that the size is not what is wrong.
void refuse_size(const Graph& broken_off, const Size& asked, const std::function<bool(const Size&)>& takes);

}  // namespace sparsec::importer
