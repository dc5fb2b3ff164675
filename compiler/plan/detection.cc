// From the levels up: what they need, as far as `begin`, is detection's. The model's input may be followed by its
// quantiser and a space-to-depth; each pixel's way through them is a table of 256.
#include "compiler/plan/detection.h"

#include <algorithm>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/rewrite.h"
#include "compiler/plan/places.h"
#include "runtime/core/letterbox.h"

namespace sparsec {
namespace {

bool takes_pictures(const Graph& graph) {
  if (graph.inputs.size() != 1) return false;
  const Value& input = graph.value(graph.inputs[0]);
  return input.shape.size() == 4 && input.shape[0] == 1 && input.shape[1] == 3 &&
         (input.type == DType::f32 || input.type == DType::u8);
}

// What `quantise` makes of the values 0 to 255 of a pixel.
std::array<float, 256> quantised(const Graph& graph, const Node& quantise, const std::array<float, 256>& pixel) {
  Tensor values(DType::f32, {256});
  std::ranges::copy(pixel, values.data<float>().begin());
  const std::vector<TensorPtr> out = oracle::evaluate(graph, quantise, {share(std::move(values))});
  std::array<float, 256> result;
  std::ranges::copy(out[0]->data<uint8_t>(), result.begin());
  return result;
}

// Follows the input to where the letterbox can write.
void find_begin(DetectionGraph& d) {
  const Graph& g = d.graph;
  const passes::Links links(g);
  const bool bytes = g.value(g.inputs[0]).type == DType::u8;
  d.begin = g.inputs[0];
  for (int v = 0; v < 256; ++v) d.pixel[size_t(v)] = rt::input_value(bytes ? SPARSEC_U8 : SPARSEC_F32, v);
  const auto next = [&]() -> const Node* {
    const int32_t node = links.sole_consumer(d.begin);
    return node >= 0 && works_on_planes(g, g.nodes[size_t(node)]) ? &g.nodes[size_t(node)] : nullptr;
  };
  const Node* node = next();
  if (const auto* op = node ? std::get_if<Quantize>(&node->op) : nullptr;
      op && op->q.per_tensor() && g.value(node->outputs[0]).type == DType::u8) {
    d.pixel = quantised(g, *node, d.pixel);
    d.begin = node->outputs[0];
    node = next();
  }
  if (const auto* op = node ? std::get_if<SpaceToDepth>(&node->op) : nullptr) {
    const Shape& shape = g.value(d.begin).shape;
    if (shape[2] % op->rows != 0 || shape[3] % op->cols != 0) return;
    d.phases = *op;
    d.begin = node->outputs[0];
  }
}

// The node that makes a level lazily, or -1.
int32_t lazy_conv(const Graph& g, const passes::Links& links, ValueId level) {
  const int32_t index = links.producer(level);
  if (index < 0) return -1;
  const Node& node = g.nodes[size_t(index)];
  const auto* q = std::get_if<QConv>(&node.op);
  const auto* f = std::get_if<FConv>(&node.op);
  const bool plain = (q && !q->residual) || (f && !f->residual);
  return plain && node.outputs.size() == 1 && g.value(level).type == DType::f32 ? index : -1;
}

// Channels `rows` of a convolution's weights.
TensorPtr some_rows(const Tensor& weights, const std::vector<int64_t>& rows) {
  Shape shape = weights.shape;
  shape[0] = int64_t(rows.size());
  Tensor out(weights.type, shape);
  const size_t row = weights.bytes.size() / size_t(weights.shape[0]);
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(weights.bytes.begin() + ptrdiff_t(size_t(rows[i]) * row), row, out.bytes.begin() + ptrdiff_t(i * row));
  return share(std::move(out));
}

template <typename T>
void keep_rows(std::vector<T>& per_channel, const std::vector<int64_t>& rows) {
  std::vector<T> kept;
  for (int64_t r : rows)
    if (!per_channel.empty()) kept.push_back(per_channel[size_t(r)]);
  per_channel = std::move(kept);
}

// The convolution `conv` for the anchors' objectness alone; returns its output.
ValueId add_objectness(Graph& g, int32_t conv, int64_t anchors, int64_t channels) {
  std::vector<int64_t> rows;
  for (int64_t a = 0; a < anchors; ++a) rows.push_back(a * channels + 4);
  Node node = g.nodes[size_t(conv)];
  node.name += " objectness";
  if (auto* q = std::get_if<QConv>(&node.op)) {
    keep_rows(q->acc_bias, rows);
    keep_rows(q->multiplier, rows);
    keep_rows(q->bias, rows);
  } else {
    keep_rows(std::get<FConv>(node.op).bias, rows);
  }
  Value weights = g.value(node.inputs[1]);
  weights.constant = some_rows(*weights.constant, rows);
  weights.shape = weights.constant->shape;
  Value out = g.value(node.outputs[0]);
  out.name += " objectness";
  out.shape[1] = anchors;
  node.inputs[1] = g.add_value(std::move(weights));
  node.outputs[0] = g.add_value(std::move(out));
  g.nodes.push_back(std::move(node));
  return g.nodes.back().outputs[0];
}

// Marks what makes the rows or the levels, or where these are lazy their objectness and their convolutions' inputs.
void find_needs(DetectionGraph& d) {
  const Graph& g = d.graph;
  const passes::Links links(g);
  d.needs_node.assign(g.nodes.size(), false);
  d.reads_value.assign(g.values.size(), false);
  std::vector<ValueId> to_visit;
  const auto read = [&](ValueId v) {
    if (v == kNoValue || d.reads_value[size_t(v)]) return;
    d.reads_value[size_t(v)] = true;
    to_visit.push_back(v);
  };
  if (d.rows) read(d.rows->output);
  for (const DetectionGraph::Level& level : d.levels) {
    read(level.conv < 0 ? level.planes : level.objectness);
    if (level.conv >= 0)
      for (ValueId v : g.nodes[size_t(level.conv)].inputs) read(v);
  }
  while (!to_visit.empty()) {
    const ValueId v = to_visit.back();
    to_visit.pop_back();
    const int32_t node = links.producer(v);
    if (node < 0 || v == d.begin || d.needs_node[size_t(node)]) continue;
    d.needs_node[size_t(node)] = true;
    for (ValueId input : g.nodes[size_t(node)].inputs) read(input);
  }
}

}  // namespace

DetectionGraph plan_detection(const Graph& graph, const RawHead* raw_head) {
  DetectionGraph d;
  d.graph = graph;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (const auto* op = std::get_if<Decode>(&graph.nodes[i].op)) {
      d.decode = *op;
      d.decode_node = int32_t(i);
    }
  if (d.decode_node < 0 && raw_head) d.decode = raw_head->decode;
  if (takes_pictures(graph) && (d.decode_node >= 0 || raw_head)) {
    const passes::Links links(graph);
    for (ValueId v : d.decode_node >= 0 ? graph.nodes[size_t(d.decode_node)].inputs : raw_head->levels)
      d.levels.push_back({v, kNoValue, lazy_conv(graph, links, v)});
  } else if (takes_pictures(graph)) {
    d.rows = find_decoded_rows(graph);
  }
  if (d.detects()) find_begin(d);
  // A level that another level's way leads through is needed as a whole.
  for (bool changed = true; changed;) {
    changed = false;
    find_needs(d);
    for (DetectionGraph::Level& level : d.levels)
      if (level.conv >= 0 && d.reads_value[size_t(level.planes)]) {
        level.conv = -1;
        changed = true;
      }
  }
  for (size_t k = 0; k < d.levels.size(); ++k) {
    DetectionGraph::Level& level = d.levels[k];
    if (level.conv >= 0)
      level.objectness =
          add_objectness(d.graph, level.conv, int64_t(d.decode.levels[k].anchors.size()), d.decode.classes + 5);
  }
  find_needs(d);
  return d;
}

}  // namespace sparsec
