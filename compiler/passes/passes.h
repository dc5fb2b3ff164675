// The catalogue of passes: each takes a Graph and returns a Graph. compiler/compile.cc runs them in this order.
#pragma once

#include "compiler/ir/graph.h"

namespace sparsec::passes {

// Evaluates every node whose inputs are all constants, but for DequantizeLinear of weights, which `integerise` reads.
Graph fold_constants(Graph graph);

// Removes nodes and values that no graph output needs. Graph inputs stay, with their order.
Graph remove_dead_code(Graph graph);

// Shapes with a leading batch of N become shapes of one picture and meta.batch = N, where every node treats pictures
// alike and every graph input and output has the same leading N; else the graph is returned as it came.
Graph split_batch(Graph graph);

// x * sigmoid(x) -> silu(x); x * hard_sigmoid(x) -> hard_swish(x): one Unary where exporters write several nodes.
Graph recognise_activations(Graph graph);

// Conv -> BatchNorm becomes Conv with scaled weights and a bias. Also Conv -> Mul/Add by a constant per channel.
Graph fold_batchnorm(Graph graph);

// A Pad of zeros (zero points) before a Conv joins its window, and one before a MaxPool whose value cannot win.
Graph fuse_padding(Graph graph);

// Focus: the slices and the concat that gather every second pixel become SpaceToDepth.
Graph recognise_focus(Graph graph);

// The part of the graph that turns the levels' convolutions into the decoded output becomes one Decode node. It is
// recognised by what it computes, not by how it is written: the tail is evaluated on probe inputs, and taken only if
// Decode gives the same.
Graph lower_head(Graph graph);

// Moves quantisers towards their producers: Q(concat(..)) -> concat(Q(..)), likewise through max-pool, nearest resize,
// slice, reshape, transpose, space-to-depth; collapses DQ -> unary float chain -> Q into a Lookup, DQ -> Q into a
// Lookup (or nothing when equal); DQ, DQ -> add/mul -> Q into QBinary; DQ(x), DQ(w)[, DQ(b)] -> Conv into QConv with an
// f32 output. From here on every convolution between quantisers is int8. No quantiser is added that the graph lacks.
Graph integerise(Graph graph);

// Pulls activations, residual adds, requantisers and lookups into the epilogues of QConv and FConv. From here on there
// is no Conv and no BatchNorm.
Graph fuse_epilogues(Graph graph);

// A raw head whose quantiser came behind its reshape and transpose, dequantise(transpose(reshape(conv))), becomes
// transpose(reshape(dequantise(conv))): the same numbers, and what raw_heads.h knows.
Graph raise_dequantisers(Graph graph);

// Reorders output channels of convolutions so that groups of rows share their non-zeros, with the consumers' input
// channels permuted to match, where the analysis says that it pays. The graph's outputs are unchanged.
Graph order_channels(Graph graph);

// Every strided QConv and FConv becomes SpaceToDepth and a stride-1 convolution over the phases: one kernel shape
// serves all, the 6x6 stem is 3x3 over 12 channels, and taps that fall on no weight are zeros that sparse kernels skip.
Graph lower_strides(Graph graph);

// A convolution between two SpaceToDepth, such as the stem before the second layer, works on phases: its input is taken
// apart once, by both strides, and its output is written taken apart.
Graph write_phases(Graph graph);

}  // namespace sparsec::passes
