// One operator at work: what evaluate() hands to the function that computes it. The functions are in one file per
// family.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace sparsec::oracle {

struct Call {
  const Graph& graph;
  const Node& node;
  const std::vector<TensorPtr>& inputs;
  std::vector<Tensor>& outputs;  // allocated, zero, with inferred types and shapes

  const Tensor& in(size_t i) const { return *inputs[i]; }
  Tensor& out(size_t i = 0) const { return outputs[i]; }
  // What a u8 operand means.
  Quant in_quant(size_t i) const { return quant(node.inputs[i]); }
  Quant out_quant(size_t i = 0) const { return quant(node.outputs[i]); }

 private:
  Quant quant(ValueId id) const {
    const Value& v = graph.value(id);
    SPARSEC_CHECK(v.quant.has_value(), node.name + ": u8 value " + v.name + " has no quant");
    return *v.quant;
  }
};

// elementwise.cc
void evaluate_op(const Unary&, const Call&);
void evaluate_op(const Binary&, const Call&);
void evaluate_op(const Cast&, const Call&);
void evaluate_op(const Softmax&, const Call&);
void evaluate_op(const BatchNorm&, const Call&);
// layout.cc
void evaluate_op(const Concat&, const Call&);
void evaluate_op(const Slice&, const Call&);
void evaluate_op(const Reshape&, const Call&);
void evaluate_op(const Transpose&, const Call&);
void evaluate_op(const Pad&, const Call&);
void evaluate_op(const Resize&, const Call&);
void evaluate_op(const SpaceToDepth&, const Call&);
// pool.cc
void evaluate_op(const MaxPool&, const Call&);
// conv.cc
void evaluate_op(const Conv&, const Call&);
void evaluate_op(const FConv&, const Call&);
// qconv.cc
void evaluate_op(const QConv&, const Call&);
// quantise.cc
void evaluate_op(const Quantize&, const Call&);
void evaluate_op(const Dequantize&, const Call&);
void evaluate_op(const Lookup&, const Call&);
void evaluate_op(const QBinary&, const Call&);
// decode.cc
void evaluate_op(const Decode&, const Call&);

}  // namespace sparsec::oracle
