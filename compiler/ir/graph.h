// The Graph: values and the nodes that make them, in an order in which every node follows what it reads.
//
// A Graph is a plain value: a pass takes one and returns one, and constants are shared, so copying is cheap. Every
// value has a static shape and type. A value is a graph input, a constant, or the output of exactly one node.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"

namespace sparsec {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input that is absent

struct Value {
  std::string name;  // the ONNX tensor's name, or one derived from it
  DType type = DType::f32;
  Shape shape;
  TensorPtr constant;          // set when known at compile time
  std::optional<Quant> quant;  // set on every u8 activation of the integer dialect
};

struct Node {
  std::string name;  // the ONNX node's name, or one derived from it: what errors and reports print
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

// Anchors that the file holds beside the graph, which raw heads do not read: level after level.
struct AnchorTable {
  std::string name;       // of the tensor or the property, for messages
  bool in_pixels = true;  // else perhaps in strides of their level: what they are shows beside the strides
  int64_t levels = 0;     // 0: not told
  std::vector<std::array<float, 2>> sizes;  // widths and heights
};

// What the head of a detector needs beyond the tensors; filled by import and by `lower_head`.
struct Metadata {
  std::string path;                      // the .onnx file, for messages
  std::string sha256;                    // of the file (and its external data), lower-case hex
  std::vector<std::string> class_names;  // from --class-names, the ONNX metadata or COCO; may be empty
  std::vector<AnchorTable> anchors;      // the likeliest first; may be empty
  int64_t batch = 1;  // pictures per run; shapes in the Graph are those of one picture (see passes.h, split_batch)
};

struct Graph {
  std::vector<Value> values;
  std::vector<Node> nodes;  // topologically sorted
  std::vector<ValueId> inputs, outputs;
  Metadata meta;

  Value& value(ValueId id) { return values[size_t(id)]; }
  const Value& value(ValueId id) const { return values[size_t(id)]; }

  ValueId add_value(Value v) {
    values.push_back(std::move(v));
    return ValueId(values.size() - 1);
  }
  ValueId add_constant(std::string name, Tensor t);

  // Where each value comes from and goes to; indices into `nodes`. Recompute after changing nodes.
  std::vector<int32_t> producers() const;               // -1 for inputs and constants
  std::vector<std::vector<int32_t>> consumers() const;  // one entry per use; graph outputs are not listed
  bool is_output(ValueId id) const;
};

}  // namespace sparsec
