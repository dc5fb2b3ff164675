// Adding nodes with inferred shapes, folding shape arithmetic on the way, and the order of the model's nodes.
#include "compiler/import/graph_builder.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

#include "compiler/import/tensor_math.h"

namespace sparsec::importer {

GraphBuilder::GraphBuilder(const OnnxModel& m) : model(m) {
  graph.meta.path = m.path;
  graph.meta.sha256 = m.sha256;
}

Binding GraphBuilder::lookup(const std::string& name) {
  if (const auto known = names_.find(name); known != names_.end()) return known->second;
  const auto initialiser = model.initialisers.find(name);
  SPARSEC_CHECK(initialiser != model.initialisers.end(), "name '" + name + "' is read before it is made");
  const TensorPtr& t = initialiser->second;
  const Binding binding{
      graph.add_value({.name = name, .type = t->type, .shape = t->shape, .constant = t, .quant = {}})};
  names_[name] = binding;
  return binding;
}

ValueId GraphBuilder::add_constant(Tensor t) { return graph.add_constant("", std::move(t)); }

std::optional<int64_t> checked_elements(const Shape& shape) {
  constexpr int64_t kMost = int64_t{1} << 31;
  int64_t n = 1;  // a dimension of 0 counts as 1, so that no product of the others overflows either
  bool empty = false;
  for (int64_t d : shape) {
    if (d < 0 || __builtin_mul_overflow(n, std::max<int64_t>(d, 1), &n) || n > kMost) return std::nullopt;
    empty = empty || d == 0;
  }
  return empty ? 0 : n;
}

void GraphBuilder::reserve_elements(const Shape& shape, const std::string& where) {
  constexpr int64_t kMost = int64_t{1} << 27;
  const std::optional<int64_t> count = checked_elements(shape);
  if (!count || *count > kMost - computed_elements_) {
    throw CompileError(where + ": a constant of shape " + to_string(shape) +
                       " is too big to compute here; supported: 134217728 elements in all");
  }
  computed_elements_ += *count;
}

ValueId GraphBuilder::emit(Op op, std::vector<ValueId> inputs, const std::vector<TypeAndShape>& declared,
                           const std::string& where) {
  std::vector<TypeAndShape> types;
  std::vector<const Tensor*> constants;
  for (ValueId id : inputs) {
    const Value& v = graph.value(id);
    types.push_back({v.type, v.shape});
    if (v.constant) constants.push_back(v.constant.get());
  }
  const TypeAndShape out = infer(op, types, declared, where).at(0);
  const std::optional<int64_t> count = checked_elements(out.shape);
  if (!count) throw CompileError(where + ": a tensor of shape " + to_string(out.shape) + " is too big");
  if (constants.size() == inputs.size() && can_fold(op, out.type)) {
    reserve_elements(out.shape, where);
    return add_constant(fold(op, constants, out, where));
  }
  if (*count == 0) {
    throw CompileError(where + ": the output has shape " + to_string(out.shape) + "; supported: at least one element");
  }
  const ValueId id = graph.add_value({.name = "", .type = out.type, .shape = out.shape, .constant = {}, .quant = {}});
  graph.nodes.push_back({"", std::move(op), std::move(inputs), {id}});
  return id;
}

namespace {

std::string node_text(const OnnxModel& model, const OnnxNode& node) {
  return model.path + ": node " + node.name + " (" + node.op_type + ")";
}

// Which node makes each name.
std::map<std::string, size_t> makers_of(const OnnxModel& model) {
  std::set<std::string> given;
  for (const OnnxValueInfo& input : model.inputs) {
    if (!given.insert(input.name).second)
      throw CompileError(model.path + ": input '" + input.name + "' is given twice");
  }
  std::map<std::string, size_t> makers;
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& name : model.nodes[i].outputs) {
      if (name.empty()) continue;
      const bool taken = given.contains(name) || model.initialisers.contains(name);
      if (taken || !makers.emplace(name, i).second) {
        throw CompileError(node_text(model, model.nodes[i]) + ": output '" + name +
                           "' has a name that is already taken");
      }
    }
  }
  return makers;
}

}  // namespace

std::vector<size_t> topological_order(const OnnxModel& model) {
  const std::map<std::string, size_t> makers = makers_of(model);
  std::set<std::string> inputs;
  for (const OnnxValueInfo& input : model.inputs) inputs.insert(input.name);

  // Kahn's algorithm; of the nodes that are ready, the first in the file goes first.
  std::vector<std::vector<size_t>> readers(model.nodes.size());
  std::vector<size_t> missing(model.nodes.size(), 0);
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& name : model.nodes[i].inputs) {
      if (name.empty() || inputs.contains(name) || model.initialisers.contains(name)) continue;
      const auto maker = makers.find(name);
      if (maker == makers.end()) {
        throw CompileError(node_text(model, model.nodes[i]) + ": reads '" + name +
                           "', which is no input, initialiser or output of a node");
      }
      readers[maker->second].push_back(i);
      ++missing[i];
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t i = ready.top();
    ready.pop();
    order.push_back(i);
    for (size_t reader : readers[i]) {
      if (--missing[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() < model.nodes.size()) {
    size_t stuck = 0;
    while (missing[stuck] == 0) ++stuck;
    throw CompileError(node_text(model, model.nodes[stuck]) +
                       ": the graph has a cycle: this node needs what comes after it; supported: acyclic graphs");
  }
  return order;
}

}  // namespace sparsec::importer
