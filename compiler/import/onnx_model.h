// An ONNX model as plain data: what onnx_reader.cc makes of the protobuf and the rest of import reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/tensor.h"

namespace sparsec::importer {

// The value of an attribute of a kind that no supported operator has: a subgraph, a sparse tensor...
struct UnsupportedAttribute {
  std::string kind;  // "graph"
};

using Attribute = std::variant<float, int64_t, std::string, TensorPtr, std::vector<float>, std::vector<int64_t>,
                               std::vector<std::string>, UnsupportedAttribute>;

struct OnnxNode {
  std::string name, op_type, domain;         // domain: empty for ONNX's own
  std::vector<std::string> inputs, outputs;  // an empty name is an absent optional one
  std::map<std::string, Attribute> attributes;
};

struct OnnxDim {
  int64_t value = -1;  // -1: not fixed
  std::string symbol;  // may be empty
};

struct OnnxValueInfo {
  std::string name;
  DType type = DType::f32;
  bool has_shape = false;
  std::vector<OnnxDim> shape;
};

struct OnnxModel {
  std::string path;
  std::string sha256;                    // of the file, followed by the external data that it uses
  std::map<std::string, int64_t> opset;  // domain -> version
  std::vector<OnnxNode> nodes;
  std::map<std::string, TensorPtr> initialisers;
  std::vector<OnnxValueInfo> inputs, outputs;
  std::map<std::string, std::string> metadata;
};

}  // namespace sparsec::importer
