// Constant folding: nodes are visited in order, and one whose inputs are all known is replaced by what the oracle
// computes for it.
//
// The exception is what makes an int8 convolution: Dequantize of constant integers stays in front of the Conv that
// reads it as weights or bias, so that `integerise` finds the integers. Its other readers get the folded floats.
// Weights written as Quantize(float) -> Dequantize lose their Quantize here.
#include <algorithm>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), links_(graph) {}

  void run() {
    std::vector<bool> folded(graph_.nodes.size(), false);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node node = graph_.nodes[i];
      if (!all_known(node)) continue;
      if (as<Dequantize>(node) && feeds_weights(node.outputs[0])) {
        fold_other_readers(node);
        continue;
      }
      const std::vector<TensorPtr> results = evaluate(node);
      for (size_t k = 0; k < results.size(); ++k) graph_.value(node.outputs[k]).constant = results[k];
      folded[i] = true;
    }
    size_t next = 0;
    std::erase_if(graph_.nodes, [&](const Node&) { return folded[next++]; });
  }

 private:
  bool is_weights_dequantize(ValueId id) const {
    const Node* dq = produced_by<Dequantize>(graph_, links_, id);
    return dq && constant(graph_, dq->inputs[0]);
  }

  bool all_known(const Node& node) const {
    return std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](ValueId id) { return id == kNoValue || constant(graph_, id) || is_weights_dequantize(id); });
  }

  // Input `slot` of `node` is the weights or the bias of a convolution.
  static bool is_weights_slot(const Node& node, size_t slot) { return as<Conv>(node) && slot >= 1; }

  bool feeds_weights(ValueId id) const {
    for (const int32_t reader : links_.consumers(id)) {
      const Node& node = graph_.nodes[size_t(reader)];
      for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
        if (node.inputs[slot] == id && is_weights_slot(node, slot)) return true;
      }
    }
    return false;
  }

  std::vector<TensorPtr> evaluate(const Node& node) const {
    std::vector<TensorPtr> inputs;
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) {
        inputs.push_back(nullptr);
      } else if (const TensorPtr& known = graph_.value(id).constant) {
        inputs.push_back(known);
      } else {
        const Node& dq = graph_.nodes[size_t(links_.producer(id))];
        inputs.push_back(evaluate(dq)[0]);
      }
    }
    return oracle::evaluate(graph_, node, inputs);
  }

  // The Dequantize stays for convolutions; every other reader, and a graph output, takes the floats.
  void fold_other_readers(const Node& dq) {
    const ValueId id = dq.outputs[0];
    ValueId folded = kNoValue;
    const auto floats = [&] {
      if (folded == kNoValue) folded = graph_.add_constant(graph_.value(id).name, *evaluate(dq)[0]);
      return folded;
    };
    for (const int32_t reader : links_.consumers(id)) {
      Node& node = graph_.nodes[size_t(reader)];
      for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
        if (node.inputs[slot] == id && !is_weights_slot(node, slot)) node.inputs[slot] = floats();
      }
    }
    if (graph_.is_output(id)) std::replace(graph_.outputs.begin(), graph_.outputs.end(), id, floats());
  }

  Graph& graph_;
  const Links links_;  // of the graph as it came: constants made here have no producer to look up
};

}  // namespace

Graph fold_constants(Graph graph) {
  Folder(graph).run();
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
