// The Graph as text, one node a line: for --dump-ir, golden tests and people.
//
//   %12 f32 1x16x320x320 = Conv(%0, %w3[16x3x6x6], %b4[16]) kernel=6x6 strides=2x2 pads=2,2,2,2   # /model.0/conv/Conv
#pragma once

#include <string>

#include "compiler/ir/graph.h"

namespace sparsec {

std::string print(const Graph& graph);
std::string print(const Graph& graph, const Node& node);

}  // namespace sparsec
