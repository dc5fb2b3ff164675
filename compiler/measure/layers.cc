// What the plan knows of each layer.
#include "compiler/measure/layers.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/plan/choose_kernels.h"
#include "compiler/plan/steps.h"

namespace sparsec {
namespace {

// Steps that serve no node and are many: one layer for all of a kind. "" for others.
std::string kind_of(const std::string& step) {
  if (step.ends_with(" border")) return "borders";
  if (step.ends_with(" edges")) return "edges";
  return "";
}
std::string layer_of(const std::string& step) {
  const std::string kind = kind_of(step);
  return kind.empty() ? step : kind;
}

// The layer of each step by a key; layers come in the order of their first steps.
class Layers {
 public:
  LayerWork& of(const std::string& key) {
    const auto [at, fresh] = index_.try_emplace(key, layers_.size());
    if (fresh) layers_.emplace_back();
    return layers_[at->second];
  }
  std::vector<LayerWork> take() { return std::move(layers_); }

 private:
  std::map<std::string, size_t> index_;
  std::vector<LayerWork> layers_;
};

// "max_pool_17" is a kernel of family "max_pool".
std::string kernel_of(const ProgramImage& program, const StepImage& step) {
  if (step.calls == 0) return "";
  const CallImage& call = program.calls[step.first_call];
  if (call.function < 0) return call.runtime_step;
  const std::string& name = program.functions[size_t(call.function)].name;
  return name.substr(0, name.find_first_of("0123456789") - 1);
}

// "32x160x160", without the batch of one.
std::string shape_of(const Value& value) {
  const Shape& s = value.shape;
  return to_string(s.size() > 1 && s[0] == 1 ? Shape(s.begin() + 1, s.end()) : s);
}

// As it lies in memory; nothing for a constant, which counts as weights.
int64_t bytes_of(const Plan& plan, const Graph& graph, ValueId v) {
  if (v == kNoValue || graph.value(v).constant) return 0;
  if (const auto& place = plan.places.planes[size_t(v)])
    return place->layout.planes * place->layout.plane_bytes * plan.program.strips;
  const Value& value = graph.value(v);
  return elements(value.shape) * int64_t(size_of(value.type));
}

void describe_node(const Compiled& compiled, const Plan& plan, int32_t index, LayerWork& layer) {
  const Graph& graph = compiled.graph;
  const Node& node = graph.nodes[size_t(index)];
  const std::vector<ValueId> read = values_read(graph, plan.places, index);
  layer.name = node.name;
  layer.op = name_of(node.op);
  if (const Node* done = done_with(graph, plan.places, index))
    layer.op = std::string(name_of(done->op)) + ", " + layer.op;
  layer.input = read.empty() ? "" : shape_of(graph.value(read[0]));
  layer.output = shape_of(graph.value(node.outputs[0]));
  for (const ValueId v : std::set<ValueId>(read.begin(), read.end()))
    layer.activation_bytes += bytes_of(plan, graph, v);
  for (const ValueId v : node.outputs) layer.activation_bytes += bytes_of(plan, graph, v);
}

void describe_convolution(const Compiled& compiled, const Plan& plan, LayerWork& layer) {
  for (const LayerChoice& choice : plan.choices) {
    if (choice.node != layer.name) continue;
    layer.kernel = kernels::name_of(choice.family);
    layer.weight_bytes = choice.weight_bytes;
    layer.code_bytes = choice.code_bytes;
    layer.predicted_ms = choice.predicted_cycles / kNominalCyclesPerMs;
  }
  for (const LayerReport& report : compiled.sparsity.layers) {
    if (report.name != layer.name) continue;
    layer.integer = report.integer;
    layer.macs = report.macs;
    layer.nonzero_macs = report.integer ? report.macs_blocks : report.macs_nonzero;
  }
}

int32_t bands_of(const Plan& plan, int32_t step) {
  for (const ColumnGroup& g : plan.groups)
    if (g.first <= step && step <= g.last) return g.bands;
  return 1;
}

}  // namespace

std::vector<LayerWork> layers_of(const Compiled& compiled, const Plan& plan) {
  Layers layers;
  for (const uint32_t s : steps_of(plan.program.schedule)) {
    const StepImage& step = plan.program.steps[s];
    const int32_t node = plan.step_node[s];
    const std::string name = node < 0 ? layer_of(step.name) : step.name;
    LayerWork& layer = layers.of(node < 0 ? name : "node " + std::to_string(node));
    if (layer.steps.empty()) {
      layer.kernel = kernel_of(plan.program, step);
      layer.bands = name != step.name ? 1 : bands_of(plan, int32_t(s));
      layer.name = name;
      if (node >= 0) {
        describe_node(compiled, plan, node, layer);
        describe_convolution(compiled, plan, layer);
      }
    }
    layer.steps.push_back(s);
  }
  return layers.take();
}

std::vector<LayerWork> layers_of(const sparsec_program& program) {
  Layers layers;
  for (const uint32_t s : steps_of({program.schedule, program.n_schedule})) {
    const std::string name = layer_of(program.steps[s].name);
    LayerWork& layer = layers.of(name);
    layer.name = name;
    layer.steps.push_back(s);
  }
  return layers.take();
}

}  // namespace sparsec
