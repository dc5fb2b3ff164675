// The Graph as it grows under import: what each ONNX name stands for, and how nodes are added.
//
// ONNX tensors of two kinds are stored as something else, so every name carries how: signed 8-bit activations are
// unsigned ones 128 higher, and the 32-bit sums of ConvInteger are floats that hold integers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/import/onnx_model.h"
#include "compiler/ir/graph.h"
#include "compiler/ir/infer.h"

namespace sparsec::importer {

enum class Carried : uint8_t { plain, s8_as_u8, s32_as_f32 };

struct Binding {
  ValueId id = kNoValue;
  Carried as = Carried::plain;
};

class GraphBuilder {
 public:
  explicit GraphBuilder(const OnnxModel& model);

  const OnnxModel& model;
  Graph graph;

  void bind(const std::string& name, Binding binding) { names_[name] = binding; }
  bool is_bound(const std::string& name) const { return names_.contains(name); }
  // What the name stands for; initialisers become constants of the Graph when they are first read.
  Binding lookup(const std::string& name);

  // Adds a node and its one output value, both still without a name; or, where every input is constant and the operator
  // is of a kind that shape arithmetic uses, a constant. `where` (file and node) starts the message of errors.
  ValueId emit(Op op, std::vector<ValueId> inputs, const std::vector<TypeAndShape>& declared, const std::string& where);
  ValueId add_constant(Tensor t);

  // Constants that import computes must stay small: throws when `elements` more of them are too many.
  void reserve_elements(const Shape& shape, const std::string& where);

 private:
  std::map<std::string, Binding> names_;
  int64_t computed_elements_ = 0;
};

// The number of elements, or nothing when it is beyond what any tensor may have.
std::optional<int64_t> checked_elements(const Shape& shape);

// The nodes of the model, each after those that it reads from. Throws on cycles, on names that nothing makes and on
// names made twice.
std::vector<size_t> topological_order(const OnnxModel& model);

}  // namespace sparsec::importer
