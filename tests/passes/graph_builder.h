// Small graphs in few lines, and the question that every pass test ends with: does the graph still compute the same?
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {

class GraphBuilder {
 public:
  GraphBuilder() { graph_.meta.path = "test.onnx"; }

  ValueId input(Shape shape, DType type = DType::f32, std::optional<Quant> quant = {}) {
    const std::string name = "in" + std::to_string(graph_.inputs.size());
    graph_.inputs.push_back(graph_.add_value({name, type, std::move(shape), nullptr, quant}));
    return graph_.inputs.back();
  }
  template <typename T>
  ValueId constant(Shape shape, const std::vector<T>& values) {
    return graph_.add_constant("c" + std::to_string(graph_.values.size()), Tensor::of<T>(std::move(shape), values));
  }
  ValueId scalar(float v) { return constant<float>({}, {v}); }
  // Uniform in [low, high); whole numbers for integer types.
  template <typename T = float>
  ValueId random(Shape shape, double low = -1, double high = 1) {
    std::vector<T> values(static_cast<size_t>(elements(shape)));
    std::uniform_real_distribution<double> uniform(low, high);
    for (T& v : values) v = T(std::is_integral_v<T> ? std::floor(uniform(random_)) : uniform(random_));
    return constant<T>(std::move(shape), values);
  }

  ValueId op(Op op, std::vector<ValueId> inputs, std::optional<TypeAndShape> declared = {},
             std::optional<Quant> quant = {}) {
    return append(graph_, "n" + std::to_string(graph_.nodes.size()), std::move(op), std::move(inputs),
                  std::move(declared), quant);
  }
  ValueId unary(UnaryKind kind, ValueId x, float alpha = 0, float beta = 0) {
    return op(Unary{kind, alpha, beta}, {x});
  }
  ValueId binary(BinaryKind kind, ValueId a, ValueId b) { return op(Binary{kind}, {a, b}); }
  ValueId reshape(ValueId x, Shape shape) {
    return op(Reshape{}, {x}, TypeAndShape{graph_.value(x).type, std::move(shape)});
  }
  ValueId quantize(ValueId x, float scale, int32_t zero_point, DType type = DType::u8) {
    return op(Quantize{{{scale}, {zero_point}, 0}}, {x}, TypeAndShape{type, graph_.value(x).shape});
  }
  ValueId dequantize(ValueId x, float scale, int32_t zero_point) {
    return op(Dequantize{{{scale}, {zero_point}, 0}}, {x});
  }
  ValueId fake_quantize(ValueId x, float scale, int32_t zero_point) {
    return dequantize(quantize(x, scale, zero_point), scale, zero_point);
  }
  // Square kernel, random weights and bias.
  ValueId conv(ValueId x, int64_t out, int64_t kernel = 1, int64_t stride = 1, int64_t pad = 0) {
    const int64_t in = graph_.value(x).shape[1];
    return op(Conv{window(kernel, stride, pad), 1}, {x, random({out, in, kernel, kernel}), random({out})});
  }
  static Window window(int64_t kernel, int64_t stride = 1, int64_t pad = 0) {
    return {{kernel, kernel}, {stride, stride}, {1, 1}, {pad, pad, pad, pad}};
  }

  Graph& graph() { return graph_; }
  Graph build(std::vector<ValueId> outputs) {
    graph_.outputs = std::move(outputs);
    verify(graph_, Stage::imported, "test");
    return graph_;
  }

 private:
  Graph graph_;
  std::mt19937 random_{42};
};

template <typename T>
size_t count(const Graph& graph) {
  return size_t(std::ranges::count_if(graph.nodes, [](const Node& n) { return std::holds_alternative<T>(n.op); }));
}

// The first node whose operator is a T.
template <typename T>
const Node& first(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<T>(node.op)) return node;
  }
  throw std::runtime_error("no such node in\n" + print(graph));
}

inline Tensor random_tensor(const TypeAndShape& type, std::mt19937& random, float low, float high) {
  Tensor t(type.type, type.shape);
  if (type.type == DType::f32) {
    std::uniform_real_distribution<float> uniform(low, high);
    for (float& v : t.data<float>()) v = uniform(random);
  } else {
    for (std::byte& b : t.bytes) b = std::byte(random());
  }
  return t;
}

inline std::vector<TensorPtr> random_inputs(const Graph& graph, uint32_t seed = 7, float low = -1, float high = 1) {
  std::mt19937 random(seed);
  std::vector<TensorPtr> inputs;
  for (const ValueId id : graph.inputs) {
    inputs.push_back(share(random_tensor({graph.value(id).type, graph.value(id).shape}, random, low, high)));
  }
  return inputs;
}

inline std::vector<TensorPtr> outputs_of(const Graph& graph, const std::vector<TensorPtr>& inputs) {
  const auto values = oracle::run(graph, inputs);
  std::vector<TensorPtr> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(values.at(id));
  return outputs;
}

// The worst |a - b|, relative to the largest |a|.
inline double worst_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.as_doubles(), y = b.as_doubles();
  if (a.shape != b.shape || a.type != b.type) return INFINITY;
  double worst = 0, largest = 1e-30;
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) return INFINITY;
    if (x[i] != y[i]) worst = std::max(worst, std::fabs(x[i] - y[i]));
    largest = std::max(largest, std::fabs(x[i]));
  }
  return worst / largest;
}

// Same inputs, same outputs, names included.
inline void expect_same(const Graph& before, const Graph& after, double tolerance = 1e-5,
                        Stage stage = Stage::imported) {
  ASSERT_NO_THROW(verify(after, stage, "the pass")) << print(after);
  const std::vector<TensorPtr> inputs = random_inputs(before);
  const auto a = outputs_of(before, inputs), b = outputs_of(after, inputs);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(before.value(before.outputs[i]).name, after.value(after.outputs[i]).name);
    EXPECT_LE(worst_difference(*a[i], *b[i]), tolerance) << "output " << i << " of\n" << print(after);
  }
}

}  // namespace sparsec::passes
