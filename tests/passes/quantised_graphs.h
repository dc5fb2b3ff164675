// Small quantised graphs for tests, built in the real dialect the way exporters write them, and their comparison with
// what the passes make of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {

struct QuantisedGraph {
  Graph g;
  std::mt19937 random{7};

  std::string fresh(const char* stem) { return stem + std::to_string(g.values.size()); }

  ValueId input(DType type, Shape shape, std::optional<Quant> quant = {}) {
    g.inputs.push_back(g.add_value({fresh("input"), type, std::move(shape), nullptr, quant}));
    return g.inputs.back();
  }
  ValueId real_constant(Shape shape, float low, float high) {
    std::uniform_real_distribution<float> uniform(low, high);
    Tensor t(DType::f32, std::move(shape));
    for (float& v : t.data<float>()) v = uniform(random);
    return g.add_constant(fresh("constant"), std::move(t));
  }
  template <typename T>
  ValueId integer_constant(Shape shape, int low, int high, double zeros = 0) {
    std::uniform_int_distribution<int> uniform(low, high);
    std::bernoulli_distribution zero(zeros);
    Tensor t(dtype_of<T>(), std::move(shape));
    for (T& v : t.data<T>()) v = zero(random) ? T{0} : T(uniform(random));
    return g.add_constant(fresh("integers"), std::move(t));
  }

  ValueId quantise(ValueId x, Quant q) {
    return append(g, fresh("Quantize"), Quantize{{{q.scale}, {q.zero_point}, 0}}, {x},
                  TypeAndShape{DType::u8, g.value(x).shape}, q);
  }
  ValueId dequantise(ValueId x, Quant q) {
    return append(g, fresh("Dequantize"), Dequantize{{{q.scale}, {q.zero_point}, 0}}, {x});
  }
  ValueId fake_quantise(ValueId x, Quant q) { return dequantise(quantise(x, q), q); }
  ValueId unary(UnaryKind kind, ValueId x, float alpha = 0) {
    return append(g, fresh("Unary"), Unary{kind, alpha, 0}, {x});
  }
  ValueId binary(BinaryKind kind, ValueId a, ValueId b) { return append(g, fresh("Binary"), Binary{kind}, {a, b}); }
  ValueId concat(std::vector<ValueId> inputs) { return append(g, fresh("Concat"), Concat{1}, std::move(inputs)); }
  ValueId pool(ValueId x) { return append(g, fresh("MaxPool"), MaxPool{{{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}}}, {x}); }
  ValueId twice(ValueId x) {
    Resize op;
    for (int64_t y = 0; y < 2 * g.value(x).shape[2]; ++y) op.source_row.push_back(y / 2);
    for (int64_t c = 0; c < 2 * g.value(x).shape[3]; ++c) op.source_col.push_back(c / 2);
    return append(g, fresh("Resize"), op, {x});
  }

  // A convolution of x with k x k weights, s8 and dequantised per output channel; a bias as int32 of the right scale
  // when `x_scale` is given.
  ValueId conv(ValueId x, int64_t channels, int64_t k = 1, std::optional<float> x_scale = {}, double zeros = 0) {
    const int64_t in = g.value(x).shape[1];
    QuantParams q, b;
    for (int64_t o = 0; o < channels; ++o) {
      q.scale.push_back(0.002f + 0.001f * float(o % 5));
      q.zero_point.push_back(0);
      b.scale.push_back(q.scale.back() * x_scale.value_or(1));
      b.zero_point.push_back(0);
    }
    const ValueId w =
        append(g, fresh("weights"), Dequantize{q}, {integer_constant<int8_t>({channels, in, k, k}, -127, 127, zeros)});
    std::vector<ValueId> inputs{x, w};
    if (x_scale)
      inputs.push_back(append(g, fresh("bias"), Dequantize{b}, {integer_constant<int32_t>({channels}, -2000, 2000)}));
    const int64_t p = k / 2;
    return append(g, fresh("Conv"), Conv{{{k, k}, {1, 1}, {1, 1}, {p, p, p, p}}, 1}, inputs);
  }

  Graph build(std::vector<ValueId> outputs) {
    g.outputs = std::move(outputs);
    g.meta.path = "test.onnx";
    verify(g, Stage::imported, "the test");
    return g;
  }
};

inline std::vector<TensorPtr> random_inputs(const Graph& graph, unsigned seed = 3) {
  std::mt19937 random(seed);
  std::vector<TensorPtr> inputs;
  for (const ValueId id : graph.inputs) {
    Tensor t(graph.value(id).type, graph.value(id).shape);
    if (t.type == DType::u8) {
      for (uint8_t& v : t.data<uint8_t>()) v = uint8_t(random() % 256);
    } else {
      for (float& v : t.data<float>()) v = float(random() % 1000) / 1000.0f;
    }
    inputs.push_back(share(std::move(t)));
  }
  return inputs;
}

// u8: within one step and 99.5% (or as given) equal. f32: within `tolerance` of the largest magnitude.
inline void expect_close(const Tensor& want, const Tensor& got, const std::string& name, float tolerance = 1e-3f,
                         double unequal_share = 0.005) {
  ASSERT_EQ(want.type, got.type) << name;
  ASSERT_EQ(want.shape, got.shape) << name;
  if (want.type == DType::u8) {
    int64_t unequal = 0;
    int worst = 0;
    for (size_t i = 0; i < want.bytes.size(); ++i) {
      const int d = std::abs(int(want.data<uint8_t>()[i]) - int(got.data<uint8_t>()[i]));
      unequal += d != 0;
      worst = std::max(worst, d);
    }
    EXPECT_LE(worst, 1) << name;
    EXPECT_LE(double(unequal), unequal_share * double(want.size())) << name;
  } else if (want.type == DType::f32) {
    float largest = 0, worst = 0;
    for (size_t i = 0; i < want.data<float>().size(); ++i) {
      largest = std::max(largest, std::fabs(want.data<float>()[i]));
      worst = std::max(worst, std::fabs(want.data<float>()[i] - got.data<float>()[i]));
    }
    EXPECT_LE(worst, tolerance * largest) << name;
  }
}

// Both graphs give the same outputs, up to rounding.
inline void expect_same_meaning(const Graph& real, const Graph& made, float tolerance = 1e-3f) {
  ASSERT_EQ(real.outputs.size(), made.outputs.size());
  const std::vector<TensorPtr> inputs = random_inputs(real);
  const auto want = oracle::run(real, inputs), got = oracle::run(made, inputs);
  for (size_t i = 0; i < real.outputs.size(); ++i) {
    const std::string& name = real.value(real.outputs[i]).name;
    EXPECT_EQ(name, made.value(made.outputs[i]).name);
    expect_close(*want.at(real.outputs[i]), *got.at(made.outputs[i]), name, tolerance);
  }
}

template <typename T>
int count(const Graph& graph) {
  return int(std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return as<T>(n) != nullptr; }));
}

template <typename T>
const Node& the_only(const Graph& graph) {
  SPARSEC_CHECK(count<T>(graph) == 1, "not exactly one such node");
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return as<T>(n) != nullptr; });
}

inline Graph integerised(const Graph& real) {
  Graph made = integerise(real);
  verify(made, Stage::integer, "integerise");
  return made;
}
inline Graph fused(const Graph& real) {
  Graph made = fuse_epilogues(integerised(real));
  verify(made, Stage::fused, "fuse_epilogues");
  return made;
}

}  // namespace sparsec::passes
