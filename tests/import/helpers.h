// Import a model that a test wrote, run it on the oracle, or read the message of its error.
#pragma once

#include <gtest/gtest.h>

#include "compiler/import/import.h"
#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "tests/support/folders.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::testing {

inline Graph import_model(const OnnxWriter& model, const ImportOptions& options = {}) {
  const TemporaryFolder folder;
  model.save(folder.file("m.onnx"));
  Graph graph = import_onnx(folder.file("m.onnx"), options);
  verify(graph, Stage::imported, "import");
  return graph;
}

// The outputs for inputs in order.
inline std::vector<Tensor> run_model(const OnnxWriter& model, const std::vector<Tensor>& inputs,
                                     const ImportOptions& options = {}) {
  const Graph graph = import_model(model, options);
  std::vector<TensorPtr> shared;
  for (const Tensor& t : inputs) shared.push_back(share(t));
  const auto values = oracle::run(graph, shared);
  std::vector<Tensor> outputs;
  for (ValueId id : graph.outputs) outputs.push_back(*values.at(id));
  return outputs;
}

// The message of the CompileError that `path` gives; fails the test when there is none or when it is not one line.
inline std::string error_of(const std::string& path, const ImportOptions& options = {}) {
  try {
    import_onnx(path, options);
  } catch (const CompileError& e) {
    const std::string message = e.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "imported without an error";
  return "";
}

inline std::string error_of(const OnnxWriter& model, const ImportOptions& options = {}) {
  const TemporaryFolder folder;
  model.save(folder.file("m.onnx"));
  const std::string message = error_of(folder.file("m.onnx"), options);
  EXPECT_EQ(message.find(folder.file("m.onnx")), 0u) << message;
  return message;
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

// 0, 1, 2... in the given shape.
inline Tensor counting(const Shape& shape) {
  Tensor t(DType::f32, shape);
  float next = 0;
  for (float& x : t.data<float>()) x = next++;
  return t;
}

template <typename T>
std::vector<T> values_of(const Tensor& t) {
  const auto data = t.data<T>();
  return {data.begin(), data.end()};
}

inline Tensor i64s(const std::vector<int64_t>& v) { return Tensor::of<int64_t>({int64_t(v.size())}, v); }
inline Tensor f32s(const std::vector<float>& v) { return Tensor::of<float>({int64_t(v.size())}, v); }
inline Tensor f32(float v) { return Tensor::of<float>({}, {v}); }

template <typename Kind>
size_t count_nodes(const Graph& graph) {
  size_t n = 0;
  for (const Node& node : graph.nodes) n += std::holds_alternative<Kind>(node.op) ? 1 : 0;
  return n;
}

}  // namespace sparsec::testing
