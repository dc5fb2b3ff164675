// A value's stride is its inputs' greatest, times or divided by what its node does to rows.
#include "compiler/import/picture_sizes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/error.h"

namespace sparsec::importer {
namespace {

// How many rows of the node's input become one of its output.
double rows_to_one(const Graph& graph, const Node& node) {
  if (const auto* conv = std::get_if<Conv>(&node.op)) return double(conv->window.strides[0]);
  if (const auto* pool = std::get_if<MaxPool>(&node.op)) return double(pool->window.strides[0]);
  if (const auto* slice = std::get_if<Slice>(&node.op)) return slice->steps.size() == 4 ? double(slice->steps[2]) : 1;
  if (const auto* phases = std::get_if<SpaceToDepth>(&node.op)) return double(phases->rows);
  if (const auto* resize = std::get_if<Resize>(&node.op))
    return double(graph.value(node.inputs[0]).shape[2]) / double(resize->source_row.size());
  return 1;
}

std::string text_of(const Size& size) { return std::to_string(size[0]) + " " + std::to_string(size[1]); }

}  // namespace

int64_t greatest_stride(const Graph& graph) {
  std::vector<double> stride(graph.values.size(), 1);
  for (const Node& node : graph.nodes) {
    double s = 1;
    for (const ValueId input : node.inputs) s = std::max(s, stride[size_t(input)]);
    for (const ValueId output : node.outputs) stride[size_t(output)] = s * rows_to_one(graph, node);
  }
  return int64_t(std::min(*std::ranges::max_element(stride), double(int64_t{1} << 40)));
}

void refuse_size(const Graph& broken_off, const Size& asked, const std::function<bool(const Size&)>& takes) {
  const int64_t stride = greatest_stride(broken_off);
  Size below{}, above{};
  for (size_t i = 0; i < asked.size(); ++i) {
    below[i] = std::max(stride, asked[i] / stride * stride);
    above[i] = (asked[i] + stride - 1) / stride * stride;
  }
  std::string taken;
  if (below != asked && takes(below)) taken = text_of(below);
  if (above != asked && above != below && takes(above)) taken += (taken.empty() ? "" : " and ") + text_of(above);
  if (taken.empty()) return;
  throw CompileError(broken_off.meta.path + ": --input-shape " + text_of(asked) +
                     ": the model does not take pictures of this size; of the multiples of its greatest stride, " +
                     std::to_string(stride) + ", next to it, it takes " + taken);
}

}  // namespace sparsec::importer
