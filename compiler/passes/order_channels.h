// The knobs of `order_channels`, for tests and experiments; the pass of passes.h uses the defaults.
#pragma once

#include "compiler/ir/graph.h"

namespace sparsec::passes {

struct ChannelOrderOptions {
  int64_t group = 24;          // output channels that one kernel makes at a time: they share the loads of their inputs
  double least_saving = 0.01;  // of the products and loads of the convolutions concerned
};
Graph order_channels(Graph graph, const ChannelOrderOptions& options);

// What the pass minimises, per convolution and output pixel.
struct ChannelCost {
  int64_t products = 0;  // non-zero words of 1x4 weights
  int64_t loads = 0;     // per group of output channels, the words of which at least one channel has a non-zero
};
ChannelCost channel_cost(const Tensor& weights, int64_t group);

}  // namespace sparsec::passes
