// The plan from beginning to end.
#include "compiler/plan/plan.h"

#include <algorithm>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"

namespace sparsec {
namespace {

void lower(Lowering& to, const Node& node, int32_t index) {
  if (std::holds_alternative<QConv>(node.op) || std::holds_alternative<FConv>(node.op))
    return lower_conv(to, node, index);
  if (std::holds_alternative<Decode>(node.op)) return lower_decode(to, node, index);
  if (works_on_planes(to.graph, node)) return lower_planes(to, node, index);
  lower_plain(to, node, index);
}

// Convolutions have kernels for planes only.
void check_pictures(const Graph& graph) {
  for (const Node& n : graph.nodes)
    if (std::holds_alternative<QConv>(n.op) || std::holds_alternative<FConv>(n.op))
      for (ValueId v : {n.inputs[0], n.outputs[0], n.inputs.size() > 2 ? n.inputs[2] : n.inputs[0]})
        if (!is_picture(graph.value(v)))
          throw CompileError(graph.meta.path + ": node " + n.name + " (" + name_of(n.op) + "): " + graph.value(v).name +
                             " is " + to_string(graph.value(v).shape) +
                             (graph.value(v).constant ? " and a constant" : "") +
                             "; supported: one picture, 1xCxHxW, computed at run time");
}

// The graph's order, but for the head's convolutions: each follows what it reads at once, so that its input need not
// live to the end.
std::vector<int32_t> order_of_nodes(const Graph& graph) {
  const std::vector<int32_t> producer = graph.producers();
  std::vector<std::vector<int32_t>> early(graph.nodes.size());
  std::vector<bool> moved(graph.nodes.size(), false);
  for (const Node& n : graph.nodes) {
    if (!std::holds_alternative<Decode>(n.op)) continue;
    for (ValueId level : n.inputs) {
      const int32_t conv = producer[size_t(level)];
      if (conv < 0 || !std::holds_alternative<QConv>(graph.nodes[size_t(conv)].op)) continue;
      const Node& node = graph.nodes[size_t(conv)];
      const int32_t before = producer[size_t(node.inputs[0])];
      if (before < 0 || std::get<QConv>(node.op).residual) continue;
      early[size_t(before)].push_back(conv);
      moved[size_t(conv)] = true;
    }
  }
  std::vector<int32_t> order;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!moved[i]) order.push_back(int32_t(i));
    order.insert(order.end(), early[i].begin(), early[i].end());
  }
  return order;
}

// Every graph output must end up in the caller's array, also one that is a constant, an input, or named twice.
void deliver_outputs(Lowering& to) {
  const Graph& g = to.graph;
  for (size_t k = 0; k < g.outputs.size(); ++k) {
    const ValueId v = g.outputs[k];
    const Value& value = g.value(v);
    to.need_plain(v);
    const Location from = to.plain(v);
    if (from.space == SPARSEC_OUTPUT && from.index == int32_t(k)) continue;
    sparsec_loop loop{};
    loop.element_bytes = 1;
    loop.rank = 1;
    loop.shape[0] = elements(value.shape) * int64_t(size_of(value.type));
    loop.out[0] = loop.a[0] = 1;
    to.begin_step(value.name, -1, 1, value.name + ": copy to output " + std::to_string(k));
    to.call("copy", {{{SPARSEC_OUTPUT, int32_t(k), 0}, 0}, {from, 0}, {to.add_descriptor(loop), 0}});
  }
}

// The levels of the head, for detection without the decoded tensor.
void describe_head(Plan& plan, const Graph& graph, const std::vector<ValueId>& levels, const Decode& op,
                   size_t first_decode_step) {
  for (const DecodeLevel& level : op.levels)
    if (levels.size() > SPARSEC_MAX_LEVELS || level.anchors.size() > SPARSEC_MAX_ANCHORS)
      throw CompileError(graph.meta.path + ": the head has " + std::to_string(levels.size()) + " levels, one of them " +
                         std::to_string(level.anchors.size()) + " anchors; supported: up to " +
                         std::to_string(SPARSEC_MAX_LEVELS) + " and " + std::to_string(SPARSEC_MAX_ANCHORS));
  sparsec_head& head = plan.program.head;
  head.levels = uint32_t(levels.size());
  head.classes = uint32_t(op.classes);
  head.sigmoid_done = op.sigmoid_done;
  for (size_t k = 0; k < levels.size(); ++k) {
    const PlanePlace& place = *plan.places.planes[size_t(levels[k])];
    sparsec_level& level = head.level[k];
    level.where = {SPARSEC_ARENA, 0,
                   plan.places.buffers[size_t(place.at.index)].offset + place.at.offset + place.layout.origin, 0};
    level.plane_stride = place.layout.plane_bytes;
    level.row_stride = place.layout.pitch * 4;
    level.column_stride = 4;
    level.rows = int32_t(place.layout.rows);
    level.columns = int32_t(place.layout.cols);
    level.anchors = int32_t(op.levels[k].anchors.size());
    level.stride = op.levels[k].stride;
    for (size_t a = 0; a < op.levels[k].anchors.size(); ++a)
      for (size_t i = 0; i < 2; ++i) level.anchor[a][i] = op.levels[k].anchors[a][i];
  }
  const std::vector<sparsec_work>& schedule = plan.program.schedule;
  const auto detects = [&](const sparsec_work& work) { return work.step < first_decode_step; };
  SPARSEC_CHECK(std::is_partitioned(schedule.begin(), schedule.end(), detects), "decoding comes last");
  head.detect_schedule = uint32_t(std::count_if(schedule.begin(), schedule.end(), detects));
  const Value& input = graph.value(graph.inputs[0]);
  head.input_rows = int32_t(input.shape[2]);
  head.input_columns = int32_t(input.shape[3]);
  head.input_type = input.type == DType::u8 ? SPARSEC_U8 : SPARSEC_F32;
  head.input_scale = input.type == DType::u8 ? 1.0f : 1.0f / 255;
}

}  // namespace

Plan make_plan(const Graph& graph, const Isa& isa, const PlanOptions& options, const RawHead* raw_head) {
  check_pictures(graph);
  Plan plan;
  plan.isa = &isa;
  plan.program.isa = &isa;
  plan.l2_bytes = options.l2_bytes;
  plan.places = assign_places(graph, isa);
  Lowering to(graph, isa, options, plan);

  for (ValueId v : graph.inputs) to.made_plain(v);
  // The decoded tensor comes last, with what reads it, so that detection can stop before it.
  const Node* decode = nullptr;
  std::vector<bool> decoded(graph.values.size(), false);
  std::vector<int32_t> last;
  for (int32_t i : order_of_nodes(graph)) {
    const Node& node = graph.nodes[size_t(i)];
    if (std::holds_alternative<Decode>(node.op)) decode = &node;
    const auto is_decoded = [&](ValueId v) { return v != kNoValue && decoded[size_t(v)]; };
    if (&node == decode || std::any_of(node.inputs.begin(), node.inputs.end(), is_decoded)) {
      for (ValueId v : node.outputs) decoded[size_t(v)] = true;
      last.push_back(i);
    } else {
      lower(to, node, i);
    }
  }
  size_t first_decode_step = plan.program.steps.size();
  for (int32_t i : last) lower(to, graph.nodes[size_t(i)], i);
  deliver_outputs(to);

  const std::vector<ValueId> levels = decode ? decode->inputs : raw_head ? raw_head->levels : std::vector<ValueId>{};
  for (ValueId v : levels) plan.places.buffers[size_t(to.planes(v).at.index)].last = int32_t(plan.program.steps.size());
  if (!decode) first_decode_step = plan.program.steps.size();

  schedule_columns(plan, to.extents(), options);
  plan.program.arena_bytes = place_buffers(plan.places.buffers);
  to.resolve();
  if (!levels.empty())
    describe_head(plan, graph, levels, decode ? std::get<Decode>(decode->op) : raw_head->decode, first_decode_step);
  return plan;
}

}  // namespace sparsec
