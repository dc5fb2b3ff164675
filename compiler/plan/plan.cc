// The plan from beginning to end.
#include "compiler/plan/plan.h"

#include <algorithm>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/strips.h"

namespace sparsec {
namespace {

void lower(Lowering& to, const Node& node, int32_t index) {
  if (std::holds_alternative<QConv>(node.op) || std::holds_alternative<FConv>(node.op))
    return lower_conv(to, node, index);
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

// The nodes that make a level's planes, in order: a convolution and what follows it. None where it is no such chain.
std::vector<int32_t> makers_of(const Graph& graph, const std::vector<int32_t>& producer, ValueId planes) {
  std::vector<int32_t> makers;
  for (ValueId v = planes; producer[size_t(v)] >= 0;) {
    const Node& node = graph.nodes[size_t(producer[size_t(v)])];
    const auto computed = std::ranges::count_if(node.inputs, [&](ValueId in) { return !graph.value(in).constant; });
    if (computed != 1 || node.outputs.size() != 1) break;
    makers.insert(makers.begin(), producer[size_t(v)]);
    if (std::holds_alternative<QConv>(node.op) || std::holds_alternative<FConv>(node.op)) return makers;
    v = node.inputs[0];
  }
  return {};
}

// The graph's order, but for the head: a level is made as soon as what it is made of is there, so that this need not
// live to the end. A lazy level's objectness follows.
std::vector<int32_t> order_of_nodes(const DetectionGraph& detection) {
  const Graph& graph = detection.graph;
  const std::vector<int32_t> producer = graph.producers();
  std::vector<std::vector<int32_t>> early(graph.nodes.size());
  std::vector<bool> moved(graph.nodes.size(), false);
  for (const DetectionGraph::Level& level : detection.levels) {
    std::vector<int32_t> makers = makers_of(graph, producer, level.planes);
    if (makers.empty()) continue;
    const int32_t before = producer[size_t(graph.nodes[size_t(makers[0])].inputs[0])];
    std::vector<int32_t>& after = early[size_t(before < 0 ? makers.back() : before)];
    if (before < 0) makers.clear();  // they stay where they are
    if (level.conv >= 0) makers.push_back(producer[size_t(level.objectness)]);
    for (int32_t i : makers) moved[size_t(i)] = true;
    after.insert(after.end(), makers.begin(), makers.end());
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

// How many entries of detection's schedule end with the last of a step or one before it.
uint32_t entries_until(const std::vector<sparsec_work>& schedule, uint32_t step) {
  const auto after = std::ranges::find_if(schedule.rbegin(), schedule.rend(),
                                          [step](const sparsec_work& work) { return work.step <= step; });
  return uint32_t(schedule.rend() - after);
}

// Of a level of the head: the step of its convolution, if it is lazy, and the last that must be done before it is read.
struct HeadSteps {
  uint32_t conv = 0, ready = 0;
};

// Detection from the decoded tensor itself, when all of its schedule is done.
void describe_rows(Plan& plan, const DecodedRows& rows) {
  const Location& at = plan.places.plain[size_t(rows.output)]->at;
  SPARSEC_CHECK(at.space == SPARSEC_OUTPUT, "an output's rows are the caller's");
  sparsec_head& head = plan.program.head;
  head.levels = 1;
  head.classes = uint32_t(rows.classes);
  head.sigmoid_done = 1;
  sparsec_level& level = head.level[0];
  level.where = {SPARSEC_OUTPUT, uint32_t(at.index), at.offset, 0, 0};
  level.rows = int32_t(rows.boxes);
  level.columns = 1;
  level.ready = uint32_t(plan.program.detect_schedule.size());
}

// The levels of the head, for detection without the decoded tensor.
void describe_levels(Plan& plan, const DetectionGraph& detection, const std::vector<HeadSteps>& steps) {
  const Decode& op = detection.decode;
  const std::vector<DetectionGraph::Level>& levels = detection.levels;
  sparsec_head& head = plan.program.head;
  head.levels = uint32_t(levels.size());
  head.classes = uint32_t(op.classes);
  head.sigmoid_done = op.sigmoid_done;
  const auto origin = [&](const PlanePlace& place) {
    const int64_t buffer = plan.places.buffers[size_t(place.at.index)].offset;
    return sparsec_pointer{SPARSEC_ARENA, 0, buffer + place.at.offset + place.layout.origin, 0, 0};
  };
  for (size_t k = 0; k < levels.size(); ++k) {
    const PlanePlace& place = *plan.places.planes[size_t(levels[k].planes)];
    sparsec_level& level = head.level[k];
    level.where = origin(place);
    level.plane_stride = place.layout.plane_bytes;
    level.row_stride = place.layout.pitch * 4;
    level.column_stride = 4;
    level.rows = int32_t(place.layout.rows) * plan.program.strips;
    level.columns = int32_t(place.layout.cols);
    level.anchors = int32_t(op.levels[k].anchors.size());
    level.stride = op.levels[k].stride;
    for (size_t a = 0; a < op.levels[k].anchors.size(); ++a)
      for (size_t i = 0; i < 2; ++i) level.anchor[a][i] = op.levels[k].anchors[a][i];
    level.ready = entries_until(plan.program.detect_schedule, steps[k].ready);
    if (levels[k].conv < 0) continue;
    const PlanePlace& objectness = *plan.places.planes[size_t(levels[k].objectness)];
    SPARSEC_CHECK(objectness.layout.pitch == place.layout.pitch, "a level and its objectness share their geometry");
    level.objectness = origin(objectness);
    level.objectness_stride = objectness.layout.plane_bytes;
    level.step = steps[k].conv;
    level.cells_per_tile = plan.isa->lanes;
  }
}

void describe_head(Plan& plan, const DetectionGraph& detection, const std::vector<HeadSteps>& steps) {
  if (detection.rows)
    describe_rows(plan, *detection.rows);
  else
    describe_levels(plan, detection, steps);
  const Value& input = detection.graph.value(detection.graph.inputs[0]);
  plan.program.head.input_rows = int32_t(input.shape[2]) * plan.program.strips;
  plan.program.head.input_columns = int32_t(input.shape[3]);
}

void check_head(const DetectionGraph& detection) {
  for (const DecodeLevel& level : detection.decode.levels)
    if (detection.levels.size() > SPARSEC_MAX_LEVELS || level.anchors.size() > SPARSEC_MAX_ANCHORS)
      throw CompileError(detection.graph.meta.path + ": the head has " + std::to_string(detection.levels.size()) +
                         " levels, one of them " + std::to_string(level.anchors.size()) +
                         " anchors; supported: up to " + std::to_string(SPARSEC_MAX_LEVELS) + " and " +
                         std::to_string(SPARSEC_MAX_ANCHORS));
}

// Lowers the nodes in order, detection's own steps among them. Returns the levels' steps.
std::vector<HeadSteps> lower_nodes(Lowering& to) {
  const DetectionGraph& detection = to.detection;
  const Graph& graph = to.graph;
  const auto given = int32_t(graph.nodes.size()) -
                     int32_t(std::ranges::count_if(detection.levels,
                                                   [](const DetectionGraph::Level& level) { return level.conv >= 0; }));
  std::vector<HeadSteps> steps(detection.levels.size());
  const auto letterbox = [&](ValueId made) {
    if (!detection.detects() || made != detection.begin) return;
    to.runs = false;
    to.detects = true;
    lower_letterbox(to);
    to.runs = true;
  };
  for (ValueId v : graph.inputs) {
    to.made_plain(v);
    letterbox(v);
  }
  for (int32_t i : order_of_nodes(detection)) {
    const Node& node = graph.nodes[size_t(i)];
    to.detects = detection.needs_node[size_t(i)];
    if (i == detection.decode_node) {  // done level by level
      to.made_plain(node.outputs[0]);
      continue;
    }
    to.runs = i < given;
    to.alone = !to.runs;  // a group's buffers live as long as the group, and a level's planes are the largest of all
    lower(to, node, to.runs ? i : -1);
    to.runs = true;
    to.alone = false;
    const auto last_step = uint32_t(to.plan.program.steps.size() - 1);
    for (size_t k = 0; k < detection.levels.size(); ++k) {
      const DetectionGraph::Level& level = detection.levels[k];
      if (level.conv == i) steps[k].conv = last_step;
      if (std::ranges::count(node.outputs, level.conv < 0 ? level.planes : level.objectness))
        steps[k].ready = last_step;
    }
    to.detects = false;
    for (ValueId v : node.outputs) {
      if (detection.decode_node >= 0)
        for (size_t k = 0; k < detection.levels.size(); ++k)
          if (detection.levels[k].planes == v) lower_decode(to, k);
      letterbox(v);
    }
  }
  to.detects = false;
  for (size_t k = 1; k < steps.size(); ++k) steps[k].ready = std::max(steps[k].ready, steps[k - 1].ready);
  return steps;
}

// A level is read, and if lazy made, as soon as it is ready: what that takes lives until then.
void keep_levels_alive(Plan& plan, const DetectionGraph& detection, const std::vector<HeadSteps>& steps) {
  for (size_t k = 0; k < steps.size(); ++k) {
    const DetectionGraph::Level& level = detection.levels[k];
    const auto keep = [&](ValueId v) {
      int32_t& last = plan.places.buffers[size_t(plan.places.planes[size_t(v)]->at.index)].last;
      last = std::max(last, int32_t(steps[k].ready));
    };
    keep(level.planes);
    if (level.conv < 0) continue;
    keep(level.objectness);
    keep(detection.graph.nodes[size_t(level.conv)].inputs[0]);
  }
}

}  // namespace

sparsec_type abi_type(DType t) {
  switch (t) {
    case DType::f32:
      return SPARSEC_F32;
    case DType::u8:
      return SPARSEC_U8;
    case DType::s8:
      return SPARSEC_S8;
    case DType::s32:
      return SPARSEC_S32;
    case DType::i64:
      return SPARSEC_I64;
    case DType::boolean:
      return SPARSEC_U8;
  }
  return SPARSEC_F32;
}

// Columns and arena. What a group hands to the next lives through both, so long groups make a large arena; where it
// comes to more than it may, groups are cut shorter. Of models that need more without columns it may come to a quarter
// more than that.
static constexpr int64_t kPage = 4096;  // the runtime begins the first strip on one: none belongs to two strips
static void cut_columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options) {
  const int64_t strips = plan.program.strips;
  const std::vector<Buffer> uncut = plan.places.buffers;
  const int64_t layers = place_buffers(plan.places.buffers) * strips;
  const int64_t most = layers <= options.arena_bytes ? options.arena_bytes : layers + layers / 4;
  const int64_t shortest = options.group_bytes >> 6;
  PlanOptions tried = options;
  tried.group_bytes /= strips;
  for (;; tried.group_bytes = tried.group_bytes * 3 / 4) {
    plan.places.buffers = uncut;
    schedule_columns(plan, extents, tried);
    plan.program.arena_bytes = place_buffers(plan.places.buffers);
    if (strips > 1) plan.program.arena_bytes = (plan.program.arena_bytes + kPage - 1) / kPage * kPage;
    if (plan.program.arena_bytes * strips <= most || tried.group_bytes < shortest) return;
  }
}

Plan make_plan(const Graph& graph, const Isa& isa, const PlanOptions& options, const RawHead* raw_head) {
  check_pictures(graph);
  DetectionGraph detection = plan_detection(graph, raw_head);
  check_head(detection);
  Plan plan;
  plan.program.strips = cut_into_strips(detection, isa, options.strips);
  plan.isa = &isa;
  plan.program.isa = &isa;
  plan.l2_bytes = options.l2_bytes;
  plan.places = assign_places(detection.graph, isa);

  Lowering to(detection, isa, options, plan);
  const std::vector<HeadSteps> level_steps = lower_nodes(to);
  deliver_outputs(to);
  keep_levels_alive(plan, detection, level_steps);
  to.keep_edges_alive();
  cut_columns(plan, to.extents(), options);
  describe_steps(plan);
  to.resolve();
  if (detection.detects()) describe_head(plan, detection, level_steps);
  return plan;
}

}  // namespace sparsec
