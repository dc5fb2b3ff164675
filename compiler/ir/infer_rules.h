// What infer.cc and infer_window.cc share: one place that says no, and what every rule is given.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/infer.h"

namespace sparsec::rules {

using Types = std::vector<TypeAndShape>;

// The operands of one operator under inference.
struct Operands {
  const char* op;  // its name
  const Types& inputs;
  const Types& declared;
  const std::string& where;

  // Throws CompileError with `where` in front unless `condition` holds.
  void require(bool condition, const std::string& problem) const {
    if (!condition) throw CompileError((where.empty() ? "" : where + ": ") + problem);
  }
  void require_inputs(size_t count) const {
    require(inputs.size() == count,
            std::string(op) + " has " + std::to_string(inputs.size()) + " inputs; supported: " + std::to_string(count));
  }
  void require_rank(size_t input, size_t rank) const {
    require(inputs[input].shape.size() == rank, std::string(op) + " input " + std::to_string(input) + " has shape " +
                                                    to_string(inputs[input].shape) + "; supported: rank " +
                                                    std::to_string(rank));
  }
  void require_type(size_t input, DType type) const {
    require(inputs[input].type == type, std::string(op) + " input " + std::to_string(input) + " has type " +
                                            name_of(inputs[input].type) + "; supported: " + name_of(type));
  }
  void require_shape(size_t input, const Shape& shape) const {
    require(inputs[input].shape == shape, std::string(op) + " input " + std::to_string(input) + " has shape " +
                                              to_string(inputs[input].shape) + "; expected " + to_string(shape));
  }
};

// Element-wise and layout operators: infer.cc.
Types infer_op(const Unary&, const Operands&);
Types infer_op(const Binary&, const Operands&);
Types infer_op(const Concat&, const Operands&);
Types infer_op(const Slice&, const Operands&);
Types infer_op(const Reshape&, const Operands&);
Types infer_op(const Transpose&, const Operands&);
Types infer_op(const Pad&, const Operands&);
Types infer_op(const Cast&, const Operands&);
Types infer_op(const Softmax&, const Operands&);
Types infer_op(const BatchNorm&, const Operands&);
Types infer_op(const Quantize&, const Operands&);
Types infer_op(const Dequantize&, const Operands&);
Types infer_op(const Lookup&, const Operands&);
Types infer_op(const QBinary&, const Operands&);

// Operators that slide a window or know of rows and columns: infer_window.cc.
Types infer_op(const Conv&, const Operands&);
Types infer_op(const QConv&, const Operands&);
Types infer_op(const FConv&, const Operands&);
Types infer_op(const MaxPool&, const Operands&);
Types infer_op(const Resize&, const Operands&);
Types infer_op(const SpaceToDepth&, const Operands&);
Types infer_op(const Decode&, const Operands&);

}  // namespace sparsec::rules
