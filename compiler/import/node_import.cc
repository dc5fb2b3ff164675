// Checked access to a node's attributes and inputs, and the names of what it becomes.
#include "compiler/import/node_import.h"

namespace sparsec::importer {
namespace {

size_t count_inputs(const OnnxNode& node) {
  size_t n = node.inputs.size();
  while (n > 0 && node.inputs[n - 1].empty()) --n;
  return n;
}

}  // namespace

NodeImport::NodeImport(GraphBuilder& builder, const OnnxNode& n, int64_t version)
    : node(n),
      opset(version),
      where(builder.model.path + ": node " + n.name + " (" + n.op_type + ")"),
      builder_(builder),
      count_(count_inputs(n)),
      first_node_(builder.graph.nodes.size()),
      first_value_(builder.graph.values.size()) {}

void NodeImport::fail(const std::string& problem) const { throw CompileError(where + ": " + problem); }

int64_t NodeImport::integer(const std::string& name, int64_t otherwise) const {
  const auto* found = attribute<int64_t>(name);
  return found ? *found : otherwise;
}

float NodeImport::real(const std::string& name, float otherwise) const {
  const auto* found = attribute<float>(name);
  return found ? *found : otherwise;
}

std::string NodeImport::text(const std::string& name, const std::string& otherwise) const {
  const auto* found = attribute<std::string>(name);
  return found ? *found : otherwise;
}

std::vector<int64_t> NodeImport::integers(const std::string& name, const std::vector<int64_t>& otherwise) const {
  const auto* found = attribute<std::vector<int64_t>>(name);
  return found ? *found : otherwise;
}

Binding NodeImport::input(size_t i) {
  require(has_input(i), "input " + std::to_string(i) + " is missing");
  return builder_.lookup(node.inputs[i]);
}

Value NodeImport::value(size_t i) { return builder_.graph.value(input(i).id); }

ValueId NodeImport::float_input(size_t i) {
  const Binding binding = input(i);
  const DType type = binding.as == Carried::plain      ? value_of(binding.id).type
                     : binding.as == Carried::s8_as_u8 ? DType::s8
                                                       : DType::s32;
  require(type == DType::f32,
          "input " + std::to_string(i) + " ('" + node.inputs[i] + "') has type " + name_of(type) + "; supported: f32");
  return binding.id;
}

TensorPtr NodeImport::constant(size_t i) {
  const Value& v = value(i);
  require(v.constant != nullptr,
          "input " + std::to_string(i) + " ('" + node.inputs[i] + "') is computed at run time; supported: a constant");
  return v.constant;
}

std::optional<std::vector<int64_t>> NodeImport::integers_or_input(const std::string& name, size_t i) {
  if (has_attribute(name)) return integers(name, {});
  if (!has_input(i)) return std::nullopt;
  const TensorPtr t = constant(i);
  require(
      (t->type == DType::i64 || t->type == DType::s32) && t->shape.size() <= 1,
      name + " is a " + name_of(t->type) + " tensor of shape " + to_string(t->shape) + "; supported: a list of i64");
  return t->as_ints();
}

int64_t NodeImport::axis(int64_t given, size_t rank) const {
  const int64_t n = int64_t(rank);
  require(given >= -n && given < n,
          "axis " + std::to_string(given) + " is outside a tensor of rank " + std::to_string(n));
  return given < 0 ? given + n : given;
}

void NodeImport::output(size_t i, ValueId id, Carried as) {
  if (!wants(i)) return;
  Value& v = builder_.graph.value(id);
  if (v.name.empty()) v.name = node.outputs[i];
  builder_.bind(node.outputs[i], {id, as});
}

void NodeImport::finish() {
  Graph& graph = builder_.graph;
  // A node that made a named value is the ONNX node; the others are steps on the way.
  const size_t added = graph.nodes.size() - first_node_;
  for (size_t i = first_node_; i < graph.nodes.size(); ++i) {
    Node& n = graph.nodes[i];
    const bool is_result = !graph.value(n.outputs[0]).name.empty();
    n.name = node.name;
    if (!is_result) n.name += "/" + std::string(name_of(n.op));
    if (added > 1 && (!is_result || node.outputs.size() > 1)) n.name += "_" + std::to_string(i - first_node_);
  }
  const std::string& base = node.outputs.empty() ? node.name : node.outputs[0];
  for (size_t i = first_value_; i < graph.values.size(); ++i) {
    Value& v = graph.values[i];
    if (v.name.empty()) v.name = base + "/" + std::to_string(i - first_value_);
  }
}

}  // namespace sparsec::importer
