// The oracle: a naive interpreter of the Graph, the specification of every kernel.
//
// Float operators are computed in float32 in the plainest loop there is; integer operators by the formulas in ir/op.h
// with the functions of numerics.h, so that generated code must agree bit for bit. It also folds constants, calibrates,
// and feeds `sparsec verify`.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec::oracle {

// One node: inputs in order (an absent optional input is an empty pointer) -> outputs. `graph` gives the quant of u8
// values.
std::vector<TensorPtr> evaluate(const Graph& graph, const Node& node, const std::vector<TensorPtr>& inputs);

// The whole graph: inputs in the order of graph.inputs. Returns every value that was computed, by id (constants
// included). `on_node` (optional) is called before each node, for progress.
std::map<ValueId, TensorPtr> run(const Graph& graph, const std::vector<TensorPtr>& inputs,
                                 const std::function<void(const Node&)>& on_node = {});

}  // namespace sparsec::oracle
