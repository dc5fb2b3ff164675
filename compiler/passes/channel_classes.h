// Which channels must be in the same order.
//
// An order of channels is chosen where a convolution makes them and must be known where convolutions read them. What
// lies between may tie orders together: a residual add ties its operand to the convolution's output, a join lays orders
// end to end, pools, resizes and tables pass them on. A class is a set of orders that must be equal; a value's channels
// are a sequence of classes. Classes that the outside world or an operator that cannot follow sees are fixed.
#pragma once

#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec::passes {

struct ChannelClass {
  int64_t channels = 0;
  bool fixed = false;
  std::vector<int32_t> makers;  // QConv nodes whose output channels these are
  struct Reader {               // QConv nodes whose input channels [first, first + channels) these are
    int32_t node;
    int64_t first;
  };
  std::vector<Reader> readers;
};

// The classes that may be reordered, in the order of their first maker.
std::vector<ChannelClass> free_channel_classes(const Graph& graph);

}  // namespace sparsec::passes
