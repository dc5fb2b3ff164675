// Focus, the first block of YOLOv5 v5.0 and before: rows*cols strided slices of one picture, one per phase, joined
// along the channels. That is a SpaceToDepth but for the order of the phases: Focus joins (row, col) phases (0,0),
// (1,0), (0,1), (1,1), SpaceToDepth counts columns fastest. The difference is a permutation of channels, which the
// convolutions that read the result undo in their weights.
#include <set>

#include "compiler/passes/conv_weights.h"
#include "compiler/passes/passes.h"

namespace sparsec::passes {
namespace {

// A chain of slices as one: out[i] = source[start + i * step] along H and W, everything along N and C.
struct Phase {
  ValueId source = kNoValue;
  std::array<int64_t, 2> start{0, 0}, step{1, 1};
};

std::optional<Phase> phase_of(const Graph& graph, const Links& links, ValueId id) {
  Phase phase{id, {0, 0}, {1, 1}};
  while (const Node* node = produced_by<Slice>(graph, links, phase.source)) {
    const Slice& slice = *as<Slice>(*node);
    if (slice.starts.size() != 4) return std::nullopt;
    const Shape& from = graph.value(node->inputs[0]).shape;
    for (size_t d = 0; d < 2; ++d) {
      if (slice.starts[d] != 0 || slice.steps[d] != 1 || slice.extents[d] != from[d]) return std::nullopt;
      phase.start[d] = slice.starts[d + 2] + phase.start[d] * slice.steps[d + 2];
      phase.step[d] *= slice.steps[d + 2];
    }
    phase.source = node->inputs[0];
  }
  return phase;
}

struct Focus {
  ValueId source = kNoValue;
  int64_t rows = 1, cols = 1;
  std::vector<int64_t> phases;  // of each input of the concat, as SpaceToDepth counts them
};

std::optional<Focus> match_focus(const Graph& graph, const Links& links, const Node& node) {
  const Concat* concat = as<Concat>(node);
  if (!concat || concat->axis != 1 || graph.value(node.outputs[0]).shape.size() != 4) return std::nullopt;
  Focus focus;
  std::set<int64_t> seen;
  for (const ValueId input : node.inputs) {
    const std::optional<Phase> phase = phase_of(graph, links, input);
    if (!phase) return std::nullopt;
    if (focus.source == kNoValue) focus = {phase->source, phase->step[0], phase->step[1], {}};
    const auto [row, col] = phase->start;
    const bool fits = phase->source == focus.source && phase->step == std::array{focus.rows, focus.cols} &&
                      row < focus.rows && col < focus.cols;
    if (!fits || row < 0 || col < 0 || !seen.insert(row * focus.cols + col).second) return std::nullopt;
    focus.phases.push_back(row * focus.cols + col);
  }
  const Shape &in = graph.value(focus.source).shape, &out = graph.value(node.outputs[0]).shape;
  const bool complete = focus.rows * focus.cols == int64_t(node.inputs.size()) && node.inputs.size() > 1;
  return complete && out[2] * focus.rows == in[2] && out[3] * focus.cols == in[3] ? std::optional(focus) : std::nullopt;
}

// The convolutions that read `id`, directly or through quantisers; nothing when anything else does.
std::optional<std::set<int32_t>> reading_convolutions(const Graph& graph, const Links& links, ValueId id) {
  std::set<int32_t> convolutions;
  std::vector<ValueId> to_visit{id};
  while (!to_visit.empty()) {
    const ValueId value = to_visit.back();
    to_visit.pop_back();
    if (links.is_output(value)) return std::nullopt;
    for (const int32_t reader : links.consumers(value)) {
      const Node& node = graph.nodes[size_t(reader)];
      const Quantize* q = as<Quantize>(node);
      const Dequantize* dq = as<Dequantize>(node);
      if ((q && q->q.per_tensor()) || (dq && dq->q.per_tensor())) {
        to_visit.push_back(node.outputs[0]);
      } else if (node.inputs[0] == value && can_permute_inputs(graph, links, node)) {
        convolutions.insert(reader);
      } else {
        return std::nullopt;
      }
    }
  }
  return convolutions;
}

}  // namespace

Graph recognise_focus(Graph graph) {
  const Links links(graph);
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    const Node node = graph.nodes[i];
    const std::optional<Focus> focus = match_focus(graph, links, node);
    if (!focus) continue;
    const std::optional<std::set<int32_t>> convolutions = reading_convolutions(graph, links, node.outputs[0]);
    if (!convolutions) continue;
    // Channel phases[j] * C + c of SpaceToDepth is channel j * C + c of the concat.
    const int64_t channels = graph.value(focus->source).shape[1];
    std::vector<int64_t> from(focus->phases.size() * size_t(channels));
    for (size_t j = 0; j < focus->phases.size(); ++j) {
      for (int64_t c = 0; c < channels; ++c) {
        from[size_t(focus->phases[j] * channels + c)] = int64_t(j) * channels + c;
      }
    }
    const ValueId out = append(graph, node.name, SpaceToDepth{focus->rows, focus->cols}, {focus->source});
    replace_uses(graph, node.outputs[0], out);
    for (const int32_t conv : *convolutions) permute_inputs(graph, links, size_t(conv), from);
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
