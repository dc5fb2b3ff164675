// Values are drawn from a growing pool: each step picks an operator and inputs that fit it, and appends its output.
//
// Few sizes and few quantisers per graph make sure that values often fit each other (residuals, concatenations, adds);
// scales are chosen so that outputs use the whole range of a byte and also saturate.
#include "tests/plan/random_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "compiler/ir/verify.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::testing {
namespace {

class Generator {
 public:
  explicit Generator(uint32_t seed, bool strips = false) : random_(seed), strips_(strips) {
    g_.meta.path = "random_" + std::to_string(seed) + ".onnx";
    for (Quant& q : quants_) q = {0.02f + 0.01f * float(below(8)), pick({0, 0, 128, 255, between(1, 254)})};
  }

  Graph run() {
    for (int i = between(1, 2); i > 0; --i) add_input();
    const int nodes = between(2, 9);
    for (int i = 0; i < nodes; ++i) add_node();
    choose_outputs();
    return std::move(g_);
  }

 private:
  // ---- dice
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  int below(int n) { return between(0, n - 1); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  int pick(std::initializer_list<int> of) { return of.begin()[below(int(of.size()))]; }
  float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  Quant quant() { return quants_[size_t(below(2))]; }
  std::string fresh(const char* stem) { return stem + std::to_string(g_.nodes.size()); }

  // ---- the pool
  std::vector<ValueId> values(DType type) const {
    std::vector<ValueId> out;
    for (ValueId v : pool_)
      if (g_.value(v).type == type) out.push_back(v);
    return out;
  }
  ValueId any(DType type) {
    const std::vector<ValueId> all = values(type);
    if (all.empty()) return kNoValue;
    return chance(0.5) ? all.back() : all[size_t(below(int(all.size())))];
  }
  template <typename Fits>
  ValueId any_where(DType type, Fits fits) {
    std::vector<ValueId> all = values(type);
    std::erase_if(all, [&](ValueId v) { return !fits(g_.value(v)); });
    return all.empty() ? kNoValue : all[size_t(below(int(all.size())))];
  }
  void keep(ValueId v) { pool_.push_back(v); }

  void add_input() {
    Shape shape{1, between(1, 10), between(1, 14), pick({1, 3, 7, 8, 13, 16, 21, 32})};
    if (strips_) shape[2] = g_.inputs.empty() ? pick({8, 12, 16, 24}) : g_.value(g_.inputs[0]).shape[2];
    const std::string name = "in" + std::to_string(g_.inputs.size());
    if (chance(0.4)) {
      g_.inputs.push_back(g_.add_value({name, DType::u8, shape, nullptr, quant()}));
      return keep(g_.inputs.back());
    }
    g_.inputs.push_back(g_.add_value({name, DType::f32, shape, nullptr, {}}));
    const ValueId x = g_.inputs.back();
    if (chance(0.3)) keep(x);
    const Quant q = quant();
    keep(passes::append(g_, fresh("quantize"), Quantize{{{q.scale}, {q.zero_point}, 0}}, {x},
                        TypeAndShape{DType::u8, shape}, q));
  }

  // ---- operators
  void add_node() {
    const ValueId x = any(DType::u8), f = any(DType::f32);
    switch (below(14)) {
      default:
        return add_qconv(x);
      case 6:
        return add_pool(f != kNoValue && chance(0.3) ? f : x);
      case 7:
        return add_concat(x);
      case 8:
        return add_concat(x);
      case 9:
        return add_binary(x);
      case 10:
        return add_lookup(x);
      case 11:
        return add_resize(f != kNoValue && chance(0.3) ? f : x);
      case 12:
        return add_dequantise(x);
      case 13:
        return f == kNoValue ? add_space_to_depth(x) : add_float(f);
    }
  }

  // A window over x, or over less where x is small.
  Window window(const Shape& x) {
    Window w;
    for (size_t d = 0; d < 2; ++d) {
      const int64_t size = x[2 + d];
      int64_t& kernel = w.kernel[d];
      kernel = pick({1, 1, 3, 3, 2, 5, between(1, 7)});
      w.strides[d] = pick({1, 1, 1, 2, 3});
      w.dilations[d] = kernel > 1 && chance(0.2) ? between(2, 3) : 1;
      const int64_t reach = (kernel - 1) * w.dilations[d];
      int64_t before = chance(0.6) ? reach / 2 : between(0, int(reach)),
              after = chance(0.6) ? before : between(0, int(reach));
      if (size + before + after <= reach) before = after = reach;
      (d == 0 ? w.pads.top : w.pads.left) = before;
      (d == 0 ? w.pads.bottom : w.pads.right) = after;
    }
    if (strips_) {  // as many rows as before, or half of them
      const int64_t kernel = pick({1, 3, 3, 5}), stride = x[2] % 8 == 0 ? pick({1, 1, 2}) : 1;
      const int64_t dilation = kernel == 3 && stride == 1 ? pick({1, 1, 2}) : 1, around = (kernel - 1) * dilation;
      w.kernel[0] = kernel;
      w.strides[0] = stride;
      w.dilations[0] = dilation;
      w.pads.top = stride == 2 || chance(0.7) ? around / 2 : between(0, int(around));
      w.pads.bottom = around - w.pads.top;
    }
    return w;
  }

  // Weights in one of the patterns that kernels are made for.
  Tensor weights(const Shape& shape) {
    Tensor t(DType::s8, shape);
    const auto w = t.data<int8_t>();
    const int pattern = below(6);
    const int64_t inner = shape[2] * shape[3];
    for (int64_t o = 0; o < shape[0]; ++o) {
      const bool empty_row = pattern != 0 && chance(0.15);
      for (int64_t c = 0; c < shape[1]; c += 4)
        for (int64_t k = 0; k < inner; ++k) {
          const bool empty_block = pattern == 2 && chance(0.7);
          for (int64_t i = c; i < std::min(c + 4, shape[1]); ++i) {
            int8_t v = pattern == 3 ? (chance(0.5) ? int8_t(-128) : int8_t(127)) : int8_t(between(-128, 127));
            if (empty_row || empty_block || (pattern == 1 && chance(0.8)) || pattern == 5) v = 0;
            w[size_t((o * shape[1] + i) * inner + k)] = v;
          }
        }
    }
    return t;
  }

  Lookup256 lookup() {
    Lookup256 l{quant(), {}};
    for (uint8_t& b : l.table) b = uint8_t(below(256));
    return l;
  }

  void add_qconv(ValueId x) {
    const Shape in = g_.value(x).shape;
    QConv op;
    op.window = window(in);
    const bool same = chance(0.5);
    if (same) {  // so that residuals and concatenations find partners
      const int64_t k = pick({1, 3, 5});
      op.window = Window{{k, k}, {1, 1}, {1, 1}, {k / 2, k / 2, k / 2, k / 2}};
    }
    Shape out{1, same && chance(0.6) ? in[1] : between(1, 36), 0, 0};
    for (size_t d = 0; d < 2; ++d)
      out[2 + d] = window_extent(in[2 + d], op.window.kernel[d], op.window.strides[d], op.window.dilations[d],
                                 d == 0 ? op.window.pads.top : op.window.pads.left,
                                 d == 0 ? op.window.pads.bottom : op.window.pads.right);
    const ValueId residual = any_where(DType::u8, [&](const Value& v) { return v.shape == out; });
    op.residual = residual != kNoValue && chance(0.7);

    const Shape kernel{out[1], in[1], op.window.kernel[0], op.window.kernel[1]};
    const Tensor w = weights(kernel);
    const int64_t per_row = elements(kernel) / out[1];
    const float spread = 1.0f / (75.0f * 75.0f * std::sqrt(float(per_row)));  // makes accumulators about 1
    for (int64_t o = 0; o < out[1]; ++o) {
      int32_t sum = 0;
      for (int64_t i = 0; i < per_row; ++i) sum += w.data<int8_t>()[size_t(o * per_row + i)];
      op.acc_bias.push_back(between(-3000, 3000) - g_.value(x).quant->zero_point * sum);
      op.multiplier.push_back(spread * uniform(0.5f, 2.0f));
      op.bias.push_back(chance(0.3) ? 0.0f : uniform(-1, 1));
    }
    op.activation = std::array{
        Activation::none, Activation::none,    Activation::silu,       Activation::silu,
        Activation::relu, Activation::sigmoid, Activation::leaky_relu, Activation::hard_swish}[size_t(below(8))];
    if (op.activation == Activation::leaky_relu) op.alpha = 0.1f;

    std::vector<ValueId> inputs{x, g_.add_constant(fresh("w"), w)};
    if (op.residual) inputs.push_back(residual);
    std::vector<ValueId> outputs;
    for (int i = chance(0.25) ? 2 : 1; i > 0; --i) {
      Value v{fresh("qconv") + (i == 2 ? "b" : ""), DType::u8, out, nullptr, quant()};
      if (chance(0.2)) v.type = DType::f32, v.quant.reset();
      op.lookup.emplace_back();
      if (v.type == DType::u8 && chance(0.25)) op.lookup.back() = lookup();
      outputs.push_back(g_.add_value(v));
      keep(outputs.back());
    }
    g_.nodes.push_back({fresh("QConv"), std::move(op), std::move(inputs), std::move(outputs)});
  }

  void add_pool(ValueId x) {
    const Shape in = g_.value(x).shape;
    Window w{{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}};
    if (!strips_ && chance(0.4)) {
      w = window(in);
      for (size_t d = 0; d < 2; ++d)  // every window must touch the picture
        if (in[2 + d] < (w.kernel[d] - 1) * w.dilations[d] + 1) return;
      w.pads = {std::min(w.pads.top, w.kernel[0] - 1), std::min(w.pads.left, w.kernel[1] - 1),
                std::min(w.pads.bottom, w.kernel[0] - 1), std::min(w.pads.right, w.kernel[1] - 1)};
      if (w.dilations != std::array<int64_t, 2>{1, 1}) w.pads = {};
    }
    keep(passes::append(g_, fresh("MaxPool"), MaxPool{w}, {x}, {}, g_.value(x).quant));
  }

  void add_concat(ValueId x) {
    const Value first = g_.value(x);
    std::vector<ValueId> parts{x};
    for (int i = between(1, 3); i > 0; --i) {
      const ValueId part = any_where(first.type, [&](const Value& v) {
        return v.quant == first.quant && v.shape[2] == first.shape[2] && v.shape[3] == first.shape[3] &&
               v.shape[1] < 40;
      });
      if (part != kNoValue) parts.insert(parts.begin() + below(int(parts.size()) + 1), part);
    }
    keep(passes::append(g_, fresh("Concat"), Concat{1}, parts, {}, first.quant));
  }

  void add_binary(ValueId x) {
    const ValueId y = any_where(DType::u8, [&](const Value& v) { return v.shape == g_.value(x).shape; });
    const BinaryKind kind =
        std::array{BinaryKind::add, BinaryKind::add, BinaryKind::mul, BinaryKind::sub}[size_t(below(4))];
    keep(passes::append(g_, fresh("QBinary"), QBinary{kind}, {x, y}, TypeAndShape{DType::u8, g_.value(x).shape},
                        quant()));
  }

  void add_lookup(ValueId x) {
    keep(passes::append(g_, fresh("Lookup"), Lookup{lookup().table}, {x}, TypeAndShape{DType::u8, g_.value(x).shape},
                        quant()));
  }

  void add_resize(ValueId x) {
    const Shape in = g_.value(x).shape;
    if (in[2] * in[3] > 500) return;
    Resize op;
    const int64_t by = pick({1, 2, 2, 3});
    for (int64_t y = 0; y < by * in[2]; ++y) op.source_row.push_back(y / by);
    for (int64_t c = 0; c < 2 * in[3]; ++c) op.source_col.push_back(c / 2);
    keep(passes::append(g_, fresh("Resize"), op, {x}, {}, g_.value(x).quant));
  }

  void add_dequantise(ValueId x) {
    const Quant q = *g_.value(x).quant;
    keep(passes::append(g_, fresh("Dequantize"), Dequantize{{{q.scale}, {q.zero_point}, 0}}, {x}));
  }

  void add_space_to_depth(ValueId x) {
    if (g_.value(x).shape[1] > 16) return;
    const auto& quant = g_.value(x).quant;
    keep(passes::append(g_, fresh("SpaceToDepth"),
                        SpaceToDepth{strips_ ? pick({1, 2}) : between(1, 3), 2, quant ? float(quant->zero_point) : 0},
                        {x}, {}, quant));
  }

  void add_float(ValueId x) {
    const Shape in = g_.value(x).shape;
    switch (below(5)) {
      case 0: {
        constexpr std::array kKinds{UnaryKind::relu, UnaryKind::sigmoid, UnaryKind::silu, UnaryKind::tanh};
        return keep(passes::append(g_, fresh("Unary"), Unary{kKinds[size_t(below(int(kKinds.size())))]}, {x}));
      }
      case 1: {
        constexpr std::array kKinds{BinaryKind::add, BinaryKind::mul, BinaryKind::min, BinaryKind::max};
        const ValueId y = any_where(DType::f32, [&](const Value& v) { return v.shape == in; });
        return keep(passes::append(g_, fresh("Binary"), Binary{kKinds[size_t(below(int(kKinds.size())))]}, {x, y}));
      }
      case 2:
        return add_concat(x);
      case 3: {
        if (strips_) return;
        const Quant q = quant();
        return keep(passes::append(g_, fresh("quantize"), Quantize{{{q.scale}, {q.zero_point}, 0}}, {x},
                                   TypeAndShape{DType::u8, in}, q));
      }
      default:
        return add_fconv(x);
    }
  }

  void add_fconv(ValueId x) {
    const Shape in = g_.value(x).shape;
    FConv op;
    op.window = window(in);
    const int64_t out = between(1, 12);
    Tensor w(DType::f32, {out, in[1], op.window.kernel[0], op.window.kernel[1]});
    for (float& v : w.data<float>()) v = chance(0.5) ? 0.0f : uniform(-0.3f, 0.3f);
    for (int64_t o = 0; o < out; ++o) op.bias.push_back(uniform(-1, 1));
    op.activation = chance(0.5) ? Activation::silu : Activation::none;
    const ValueId weights = g_.add_constant(fresh("w"), std::move(w));
    keep(passes::append(g_, fresh("FConv"), std::move(op), {x, weights}));
  }

  // What nobody reads, and now and then something in the middle.
  void choose_outputs() {
    const auto consumers = g_.consumers();
    for (ValueId v : pool_)
      if (consumers[size_t(v)].empty() || chance(0.05)) g_.outputs.push_back(v);
  }

  Graph g_;
  std::mt19937 random_;
  bool strips_;
  std::array<Quant, 2> quants_;
  std::vector<ValueId> pool_;
};

}  // namespace

Graph random_graph(uint32_t seed) {
  Graph g = Generator(seed).run();
  verify(g, Stage::fused, "the generator");
  return g;
}

Graph random_graph_of_strips(uint32_t seed) {
  Graph g = Generator(seed, true).run();
  verify(g, Stage::fused, "the generator");
  return g;
}

Graph small_graph() {
  Graph g;
  g.meta.path = "small.onnx";
  const Quant q{0.05f, 128};
  g.inputs = {g.add_value({"picture", DType::f32, {1, 4, 32, 32}, nullptr, {}})};
  ValueId x = passes::append(g, "quantise", Quantize{{{q.scale}, {q.zero_point}, 0}}, g.inputs,
                             TypeAndShape{DType::u8, {1, 4, 32, 32}}, q);
  for (const int64_t stride : {1, 2}) {
    const int64_t in = g.value(x).shape[1], out = 8 * stride;
    QConv op;
    op.window = Window{{3, 3}, {stride, stride}, {1, 1}, {1, 1, 1, 1}};
    op.acc_bias.assign(size_t(out), 100);
    op.multiplier.assign(size_t(out), 0.001f);
    op.bias.assign(size_t(out), 0);
    op.activation = Activation::silu;
    op.lookup.resize(1);
    Tensor w(DType::s8, {out, in, 3, 3});
    for (size_t i = 0; i < w.bytes.size(); ++i) w.data<int8_t>()[i] = int8_t(i / 4 % 3 == 0 ? i % 7 - 3 : 0);
    const std::string name = "conv" + std::to_string(stride);
    const ValueId weights = g.add_constant(name + ".weight", std::move(w));
    const ValueId y = g.add_value({name, DType::u8, {1, out, 32 / stride, 32 / stride}, nullptr, q});
    g.nodes.push_back({name, std::move(op), {x, weights}, {y}});
    x = y;
  }
  g.outputs = {passes::append(g, "dequantise", Dequantize{{{q.scale}, {q.zero_point}, 0}}, {x})};
  verify(g, Stage::fused, "the test");
  return g;
}

std::vector<TensorPtr> random_inputs(const Graph& graph, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TensorPtr> inputs;
  for (const ValueId id : graph.inputs) {
    Tensor t(graph.value(id).type, graph.value(id).shape);
    if (t.type == DType::f32) {
      for (float& v : t.data<float>()) v = std::uniform_real_distribution<float>(-4, 4)(random);
    } else {
      for (std::byte& b : t.bytes) b = std::byte(random() >> 24);
    }
    inputs.push_back(share(std::move(t)));
  }
  return inputs;
}

}  // namespace sparsec::testing
