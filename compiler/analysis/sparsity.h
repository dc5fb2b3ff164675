// What can be skipped: per convolution the zero weights, the zero 1x4 blocks, and the multiplications that remain.
//
// A block is what one dot-product instruction reads: four neighbouring input channels of one tap and one output
// channel. Where the channel count is no multiple of four, each tap's last block is partial. A block of zeros emits no
// code, so the share of non-zero blocks is what a sparse kernel costs, while the share of non-zero weights is what
// pruning achieved. Run after `fuse_epilogues` and before `lower_strides`, the counts are those of the ONNX file.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec {

inline constexpr int64_t kBlock = 4;  // input channels of a block

struct WeightCounts {
  int64_t weights = 0, zero_weights = 0;
  int64_t blocks = 0, zero_blocks = 0;
  int64_t weights_in_blocks = 0;  // weights (zero or not) that lie in non-zero blocks

  double element_sparsity() const { return weights ? double(zero_weights) / double(weights) : 0; }
  double block_sparsity() const { return blocks ? double(zero_blocks) / double(blocks) : 0; }
};

// Weights [O,C,kh,kw], f32 or s8.
WeightCounts count_weights(const Tensor& weights);

// Which blocks are non-zero: one row per output channel, column = tap * blocks_per_tap + block, row-major, one bit
// each, low bit first.
struct BlockMap {
  int64_t rows = 0, columns = 0;
  std::vector<uint8_t> bits;
  bool at(int64_t row, int64_t column) const {
    const int64_t i = row * columns + column;
    return (bits[size_t(i / 8)] >> (i % 8)) & 1;
  }
};
BlockMap map_blocks(const Tensor& weights);

// How a layer is to be computed; filled by the plan's cost model.
struct Candidate {
  std::string kernel;
  double predicted_ms = 0;
};
struct KernelChoice {
  std::string kernel;  // empty: not chosen
  double predicted_ms = 0;
  std::string reason;
  std::vector<Candidate> candidates;
};
using ChooseKernel = std::function<KernelChoice(const Graph&, const Node&, const WeightCounts&)>;

struct LayerReport {
  std::string name;
  bool integer = false;  // int8, else float
  Shape input, output;
  std::array<int64_t, 2> kernel{1, 1}, strides{1, 1};
  WeightCounts counts;
  int64_t macs = 0;          // dense multiply-accumulates per picture
  int64_t macs_nonzero = 0;  // of non-zero weights
  int64_t macs_blocks = 0;   // of non-zero blocks
  BlockMap map;
  KernelChoice choice;
};

struct SparsityReport {
  std::vector<LayerReport> layers;
  LayerReport total;  // sums; named "total"
};

SparsityReport analyse_sparsity(const Graph& graph, const ChooseKernel& choose = {});

// Fills the choices of the layers named, and the total time: for a plan that is made after the analysis.
void set_choices(SparsityReport& report, const std::map<std::string, KernelChoice>& by_layer);

// The report as an aligned table with a line of totals, for `sparsec analyze`.
std::string print_table(const SparsityReport& report);

}  // namespace sparsec
