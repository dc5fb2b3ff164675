// One ONNX node under import: what an operator's function reads (attributes, inputs) and writes (nodes, outputs).
//
// Every reader checks what it returns and fails with the node's name, so an operator's function states only the
// meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/import/graph_builder.h"

namespace sparsec::importer {

class NodeImport {
 public:
  NodeImport(GraphBuilder& builder, const OnnxNode& node, int64_t opset);

  const OnnxNode& node;
  const int64_t opset;      // of the node's domain
  const std::string where;  // "model.onnx: node /model.4/Conv (Conv)"

  [[noreturn]] void fail(const std::string& problem) const;
  void require(bool condition, const std::string& problem) const {
    if (!condition) fail(problem);
  }

  // ---- attributes ----
  bool has_attribute(const std::string& name) const { return node.attributes.contains(name); }
  int64_t integer(const std::string& name, int64_t otherwise) const;
  float real(const std::string& name, float otherwise) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> integers(const std::string& name, const std::vector<int64_t>& otherwise) const;
  template <typename T>
  const T* attribute(const std::string& name) const;  // null when absent; fails when of another kind

  // ---- inputs ----
  size_t input_count() const { return count_; }  // without absent ones at the end
  bool has_input(size_t i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  Binding input(size_t i);  // stored in any way
  Value value(size_t i);    // the Graph's value that input(i) stands for; a copy, as the Graph grows
  Value value_of(ValueId id) const { return builder_.graph.value(id); }
  ValueId float_input(size_t i);  // an f32 tensor
  TensorPtr constant(size_t i);   // a tensor known now; fails when it is not
  TensorPtr constant_if_given(size_t i) { return has_input(i) ? constant(i) : nullptr; }
  // Numbers that are an attribute in older opsets and a constant input in newer ones; nothing when in neither.
  std::optional<std::vector<int64_t>> integers_or_input(const std::string& name, size_t i);
  // An axis of a tensor of that rank, counted from the end when negative.
  int64_t axis(int64_t given, size_t rank) const;

  // ---- outputs ----
  bool wants(size_t i) const { return i < node.outputs.size() && !node.outputs[i].empty(); }
  ValueId emit(Op op, std::vector<ValueId> inputs) {
    return builder_.emit(std::move(op), std::move(inputs), {}, where);
  }
  ValueId emit(Op op, std::vector<ValueId> inputs, TypeAndShape declared) {
    return builder_.emit(std::move(op), std::move(inputs), {std::move(declared)}, where);
  }
  ValueId add_constant(Tensor t) { return builder_.add_constant(std::move(t)); }
  void reserve_elements(const Shape& shape) { builder_.reserve_elements(shape, where); }
  void output(size_t i, ValueId id, Carried as = Carried::plain);
  void output(size_t i, Tensor constant) { output(i, add_constant(std::move(constant))); }

  // Names what the node has added. Call once, when its function is done.
  void finish();

 private:
  GraphBuilder& builder_;
  size_t count_;
  size_t first_node_, first_value_;
};

template <typename T>
const T* NodeImport::attribute(const std::string& name) const {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return nullptr;
  const T* typed = std::get_if<T>(&found->second);
  if (typed == nullptr) fail("attribute '" + name + "' is of the wrong kind");
  return typed;
}

}  // namespace sparsec::importer
