// One operator on tensors at hand, without a graph around it.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "compiler/oracle/evaluate.h"

namespace sparsec::testing {

struct Operand {
  Tensor tensor;
  std::optional<Quant> quant{};
};

// What an operator's output is declared to be; only some operators need it.
struct Result {
  DType type = DType::f32;
  Shape shape{};
  std::optional<Quant> quant{};
};

inline std::vector<Tensor> evaluate(const Op& op, const std::vector<Operand>& operands,
                                    const std::vector<Result>& results = {{}}) {
  Graph g;
  Node node{.name = "n", .op = op, .inputs = {}, .outputs = {}};
  std::vector<TensorPtr> inputs;
  for (const Operand& o : operands) {
    node.inputs.push_back(g.add_constant("x", o.tensor));
    g.value(node.inputs.back()).quant = o.quant;
    inputs.push_back(share(o.tensor));
  }
  for (const Result& r : results) {
    node.outputs.push_back(
        g.add_value({.name = "y", .type = r.type, .shape = r.shape, .constant = {}, .quant = r.quant}));
  }
  std::vector<Tensor> out;
  for (const TensorPtr& t : oracle::evaluate(g, node, inputs)) out.push_back(*t);
  return out;
}

template <typename T>
std::vector<T> values(const Tensor& t) {
  const auto data = t.data<T>();
  return {data.begin(), data.end()};
}

// The only output's elements.
template <typename T>
std::vector<T> values(const Op& op, const std::vector<Operand>& operands, const Result& result = {}) {
  return values<T>(evaluate(op, operands, {result}).at(0));
}

inline Tensor f32(Shape shape, const std::vector<float>& v) { return Tensor::of<float>(std::move(shape), v); }
inline Tensor u8(Shape shape, const std::vector<uint8_t>& v) { return Tensor::of<uint8_t>(std::move(shape), v); }
inline Tensor s8(Shape shape, const std::vector<int8_t>& v) { return Tensor::of<int8_t>(std::move(shape), v); }
inline Tensor i64(Shape shape, const std::vector<int64_t>& v) { return Tensor::of<int64_t>(std::move(shape), v); }

// Integers of [low, high] as elements of type T; the same on every machine.
template <typename T>
Tensor random_tensor(Shape shape, int low, int high, std::mt19937& generator) {
  Tensor t(dtype_of<T>(), std::move(shape));
  for (T& e : t.data<T>()) e = T(low + int(generator() % uint32_t(high - low + 1)));
  return t;
}

}  // namespace sparsec::testing
