// Small graphs in few words, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/infer.h"

namespace sparsec::testing {

inline ValueId add_input(Graph& g, std::string name, DType type, Shape shape) {
  g.inputs.push_back(
      g.add_value({.name = std::move(name), .type = type, .shape = std::move(shape), .constant = {}, .quant = {}}));
  return g.inputs.back();
}

// A node with outputs as inference says; `declared` where it needs to be told.
inline ValueId add_node(Graph& g, const std::string& name, Op op, std::vector<ValueId> inputs,
                        const std::vector<TypeAndShape>& declared = {}) {
  std::vector<TypeAndShape> types;
  for (ValueId id : inputs) types.push_back({g.value(id).type, g.value(id).shape});
  Node node{.name = name, .op = std::move(op), .inputs = std::move(inputs), .outputs = {}};
  for (auto& t : infer(node.op, types, declared, name)) {
    node.outputs.push_back(g.add_value({.name = name + ":" + std::to_string(node.outputs.size()),
                                        .type = t.type,
                                        .shape = t.shape,
                                        .constant = {},
                                        .quant = {}}));
  }
  g.nodes.push_back(std::move(node));
  return g.nodes.back().outputs[0];
}

}  // namespace sparsec::testing
