// The detection head, recognised by what it computes.
//
// The *tail* is everything between the levels (the last four-dimensional tensors of A * (5 + classes) channels) and an
// output of shape [N, boxes, 5 + classes]: reshapes, transposes, slices, joins and element-wise arithmetic, in whatever
// way an exporter wrote them. It is cut out and evaluated:
//
//   on zeros, its objectness tells whether the sigmoid is inside (0.5) or came before (0);
//   on p = 1/2, the first box of each anchor has its centre at stride / 2 and the anchor for its size;
//   on noise and on saturated values, Decode with these strides and anchors must give the same. Else the graph stays as
//   it came.
#include <algorithm>
#include <cmath>
#include <functional>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

// Operators that a tail is made of; anything else ends it.
bool belongs_to_tail(const Node& node) {
  return as<Unary>(node) || as<Binary>(node) || as<Concat>(node) || as<Slice>(node) || as<Reshape>(node) ||
         as<Transpose>(node);
}

struct Tail {
  ValueId output = kNoValue;
  std::vector<ValueId> levels;  // in the order in which the output joins them
  std::vector<int32_t> nodes;   // in topological order
};

// Walks up from `output`, inputs in order, to the levels. Nothing when what it meets there cannot be a level.
std::optional<Tail> find_tail(const Graph& graph, const Links& links, ValueId output) {
  const Shape& boxes = graph.value(output).shape;
  if (graph.value(output).type != DType::f32 || boxes.size() != 3 || boxes[2] < 5) return std::nullopt;
  const auto can_be_level = [&](const Value& v) {
    return v.type == DType::f32 && v.shape.size() == 4 && v.shape[0] == boxes[0] && v.shape[1] % boxes[2] == 0 &&
           elements(v.shape) > 0;
  };
  Tail tail{output, {}, {}};
  std::vector<bool> seen(graph.values.size(), false);
  std::vector<ValueId> to_visit{output};  // the last one is next
  while (!to_visit.empty()) {
    const ValueId id = to_visit.back();
    to_visit.pop_back();
    if (id == kNoValue || seen[size_t(id)] || constant(graph, id)) continue;
    seen[size_t(id)] = true;
    const int32_t producer = links.producer(id);
    if (producer < 0 || !belongs_to_tail(graph.nodes[size_t(producer)])) {
      if (!can_be_level(graph.value(id))) return std::nullopt;
      tail.levels.push_back(id);
      continue;
    }
    tail.nodes.push_back(producer);
    const std::vector<ValueId>& inputs = graph.nodes[size_t(producer)].inputs;
    to_visit.insert(to_visit.end(), inputs.rbegin(), inputs.rend());
  }
  if (tail.levels.empty()) return std::nullopt;
  std::sort(tail.nodes.begin(), tail.nodes.end());
  tail.nodes.erase(std::unique(tail.nodes.begin(), tail.nodes.end()), tail.nodes.end());
  int64_t count = 0;
  for (const ValueId id : tail.levels) {
    const Shape& level = graph.value(id).shape;
    count += level[1] / boxes[2] * level[2] * level[3];
  }
  return count == boxes[1] ? std::optional(std::move(tail)) : std::nullopt;
}

// The tail as a graph of its own, from the levels to the output.
Graph cut_out(const Graph& graph, const Tail& tail) {
  Graph cut;
  cut.values = graph.values;
  for (const int32_t node : tail.nodes) cut.nodes.push_back(graph.nodes[size_t(node)]);
  cut.inputs = tail.levels;
  cut.outputs = {tail.output};
  cut.meta = graph.meta;
  return remove_dead_code(std::move(cut));
}

// Decode alone, over the same levels.
Graph decode_alone(const Graph& tail, const Decode& decode) {
  Graph alone;
  alone.meta = tail.meta;
  for (const ValueId id : tail.inputs) {
    const Value& level = tail.value(id);
    alone.inputs.push_back(alone.add_value({level.name, level.type, level.shape, nullptr, std::nullopt}));
  }
  alone.outputs = {append(alone, "decode", decode, alone.inputs)};
  return alone;
}

// Evaluates a graph whose inputs are filled, element by element, by `next`.
TensorPtr probe(const Graph& graph, const std::function<float()>& next) {
  std::vector<TensorPtr> inputs;
  for (const ValueId id : graph.inputs) {
    Tensor t(DType::f32, graph.value(id).shape);
    std::ranges::generate(t.data<float>(), next);
    inputs.push_back(share(std::move(t)));
  }
  return oracle::run(graph, inputs).at(graph.outputs[0]);
}

bool all_near(const Tensor& a, const Tensor& b) {
  if (a.shape != b.shape) return false;
  const auto x = a.data<float>(), y = b.data<float>();
  return std::equal(x.begin(), x.end(), y.begin(), [](float u, float v) {
    return std::fabs(u - v) <= 1e-3f * std::fmax(std::fabs(v), 0.1f);  // false for NaN
  });
}

// Reads strides and anchors off the tail's answer to p = 1/2.
Decode read_decode(const Graph& tail, const Tensor& answer, bool sigmoid_done) {
  const int64_t row = answer.shape[2];
  const auto boxes = answer.data<float>();
  Decode decode{{}, row - 5, sigmoid_done};
  int64_t box = 0;
  for (const ValueId id : tail.inputs) {
    const Shape& shape = tail.value(id).shape;
    DecodeLevel level;
    level.stride = 2 * boxes[size_t(box * row)];  // (2p - 0.5 + 0) * stride
    for (int64_t a = 0; a < shape[1] / row; ++a) {
      const size_t first = size_t(box * row);
      level.anchors.push_back({boxes[first + 2], boxes[first + 3]});  // (2p)^2 * anchor
      box += shape[2] * shape[3];
    }
    decode.levels.push_back(std::move(level));
  }
  return decode;
}

// Decode with the tail's parameters, when it computes the same.
std::optional<Decode> recognise(const Graph& tail) {
  const TensorPtr zeros = probe(tail, [] { return 0.0f; });
  const float objectness = zeros->data<float>()[4];
  const bool sigmoid_inside = std::fabs(objectness - 0.5f) < 1e-3f;
  if (!sigmoid_inside && std::fabs(objectness) > 1e-3f) return std::nullopt;
  const TensorPtr halves = sigmoid_inside ? zeros : probe(tail, [] { return 0.5f; });
  const Decode decode = read_decode(tail, *halves, !sigmoid_inside);

  const Graph alone = decode_alone(tail, decode);
  const auto agrees = [&](float low, float high) {
    // The same pseudo-random numbers for both (a 32-bit linear congruential generator).
    const auto noise = [=, state = uint32_t{1}]() mutable {
      state = state * 1664525u + 1013904223u;
      return low + (high - low) * float(state >> 8) / float(1 << 24);
    };
    return all_near(*probe(alone, noise), *probe(tail, noise));
  };
  const bool same = sigmoid_inside ? agrees(-4, 4) && agrees(-40, 40) : agrees(0, 1);
  return same ? std::optional(decode) : std::nullopt;
}

}  // namespace

Graph lower_head(Graph graph) {
  for (const ValueId output : std::vector(graph.outputs)) {
    const Links links(graph);
    const std::optional<Tail> tail = find_tail(graph, links, output);
    if (!tail) continue;
    const std::optional<Decode> decode = recognise(cut_out(graph, *tail));
    if (!decode) continue;
    const std::string name = graph.nodes[size_t(links.producer(output))].name;
    replace_uses(graph, output, append(graph, name, *decode, tail->levels));
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
