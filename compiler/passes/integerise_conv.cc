// Convolutions: into integers where both operands are quantised, else into the float form.
//
// With x = sx (qx - zx), w[o] = sw[o] (qw - zw[o]) and a bias of the scale sx sw[o],
//   sum x w + b = sx sw[o] (sum qx (qw - zw[o]) + qb[o] - zx sum (qw - zw[o])),
// so the weights' zero points go into the weights, the input's into the bias, and one multiplier per output channel is
// left. The sum is exact: |sum| <= 255 sum|w| + |bias|, which must stay below 2^31 and does for any sane network.
//
// A weight less its zero point is within 255 of zero, which s8 does not hold: asymmetric weights, as ONNX Runtime's
// quantiser makes of QUInt8, often pass -128 a little. Such a weight is a sum of numbers that s8 does hold, so the
// convolution reads its input several times over: x * 138 = x * 127 + x * 11 is one over Concat(x, x) with the weights
// 127 and 11 side by side. All but a few of the second weights are zeros, which cost nothing. The summands of a weight
// have its sign, so that the bound on |sum| is what it was.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "compiler/oracle/evaluate.h"
#include "compiler/passes/integerise.h"

namespace sparsec::passes::integer {

TensorPtr dequantised_constant(const State& s, const Node& node) {
  return oracle::evaluate(s.graph, node, {s.graph.value(node.inputs[0]).constant})[0];
}

// The Dequantize of a constant of one of these types that makes `id`, or null.
static const Node* constant_dequantise(const State& s, ValueId id, std::initializer_list<DType> types) {
  const Node* node = s.made_by<Dequantize>(id);
  const Tensor* stored = node ? constant(s.graph, node->inputs[0]) : nullptr;
  for (const DType type : types) {
    if (stored && stored->type == type) return node;
  }
  return nullptr;
}

// A float operand that must be known now: weights and biases.
static std::vector<float> float_operand(const State& s, const Node& conv, ValueId id, const char* what) {
  TensorPtr t = s.graph.value(id).constant;
  if (!t && constant_dequantise(s, id, {DType::s8, DType::u8, DType::s32})) {
    t = dequantised_constant(s, s.graph.nodes[size_t(s.producer[size_t(id)])]);
  }
  if (!t || t->type != DType::f32) {
    throw CompileError(describe(s.graph, conv) + ": the " + what + " are computed at run time; supported: constants");
  }
  return {t->data<float>().begin(), t->data<float>().end()};
}

static std::vector<float> float_bias(const State& s, const Node& conv, int64_t channels) {
  const bool given = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  return given ? float_operand(s, conv, conv.inputs[2], "biases") : std::vector<float>(size_t(channels), 0.0f);
}

// ---- the integer form -----------------------------------------------------------------------------------------------

struct IntegerWeights {
  std::vector<int32_t> w;    // zero points taken off: -255 to 255
  std::vector<float> scale;  // [O]
};

static IntegerWeights integer_weights(const State& s, const Node& conv, const Node& dequantise) {
  const QuantParams& q = std::get<Dequantize>(dequantise.op).q;
  const Tensor& stored = *s.graph.value(dequantise.inputs[0]).constant;
  const size_t channels = size_t(stored.shape[0]), taps = stored.bytes.size() / std::max<size_t>(channels, 1);
  if (!q.per_tensor() && q.axis != 0) {
    throw CompileError(describe(s.graph, conv) + ": weights quantised along axis " + std::to_string(q.axis) +
                       " are unsupported; supported: axis 0 or one scale for all");
  }
  const auto number = [&](size_t i) -> int32_t {
    return stored.type == DType::s8 ? int32_t(stored.data<int8_t>()[i]) : int32_t(stored.data<uint8_t>()[i]);
  };
  IntegerWeights result;
  result.w.reserve(channels * taps);
  for (size_t o = 0; o < channels; ++o) {
    const size_t entry = q.per_tensor() ? 0 : o;
    result.scale.push_back(q.scale[entry]);
    for (size_t i = 0; i < taps; ++i) result.w.push_back(number(o * taps + i) - q.zero_point[entry]);
  }
  return result;
}

constexpr int32_t kLeast = -128, kMost = 127;  // of s8

// How many s8 numbers it takes to sum up to any of the weights.
static int64_t summands_of(const std::vector<int32_t>& w) {
  int32_t least = 1;
  for (const int32_t v : w) least = std::max(least, v < 0 ? (v + kLeast + 1) / kLeast : (v + kMost - 1) / kMost);
  return least;
}

// Weights of `shape` [O,C,kh,kw] as s8 [O,summands*C,kh,kw]: each set of C channels holds as much as fits of what the
// sets before it lack.
static Tensor as_s8(const std::vector<int32_t>& w, Shape shape, int64_t summands) {
  const size_t channels = size_t(shape[0]), taps = w.size() / std::max<size_t>(channels, 1);
  shape[1] *= summands;
  Tensor result(DType::s8, shape);
  const auto to = result.data<int8_t>();
  for (size_t o = 0; o < channels; ++o) {
    for (size_t i = 0; i < taps; ++i) {
      int32_t lacking = w[o * taps + i];
      for (size_t k = 0; k < size_t(summands); ++k) {
        const int32_t part = std::clamp(lacking, kLeast, kMost);
        to[(o * size_t(summands) + k) * taps + i] = int8_t(part);
        lacking -= part;
      }
    }
  }
  return result;
}

// x's channels `times` over, made once for all convolutions that want them.
static ValueId repeated(State& s, ValueId x, int64_t times) {
  if (times == 1) return x;
  ValueId& made = s.repeated.try_emplace({x, times}, kNoValue).first->second;
  if (made == kNoValue) {
    const Value& value = s.graph.value(x);
    const std::string name = value.name + " x " + std::to_string(times);
    const std::optional<Quant> quant = value.quant;
    made = s.add(name, Concat{1}, std::vector<ValueId>(size_t(times), x), {}, quant);
  }
  return made;
}

// The bias in units of the accumulator, where it is stored so: int32 with the scale sx * sw[o].
static std::optional<std::vector<int64_t>> integer_bias(const State& s, const Node& conv,
                                                        const std::vector<float>& unit) {
  const bool given = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  const Node* node = given ? constant_dequantise(s, conv.inputs[2], {DType::s32}) : nullptr;
  if (!node) return std::nullopt;
  const QuantParams& q = std::get<Dequantize>(node->op).q;
  const auto stored = s.graph.value(node->inputs[0]).constant->data<int32_t>();
  std::vector<int64_t> bias;
  for (size_t o = 0; o < unit.size(); ++o) {
    const size_t entry = q.per_tensor() ? 0 : o;
    // Exporters compute the product in float or in double: they may differ in the last bit.
    if (std::fabs(q.scale[entry] - unit[o]) > 1e-6f * unit[o]) return std::nullopt;
    bias.push_back(int64_t(stored[o]) - q.zero_point[entry]);
  }
  return bias;
}

static constexpr int64_t kMostSum = std::numeric_limits<int32_t>::max();

static QConv integer_form(const State& s, const Node& conv, const IntegerWeights& weights, Quant x) {
  const size_t channels = weights.scale.size(), taps = weights.w.size() / std::max<size_t>(channels, 1);
  QConv result;
  result.window = std::get<Conv>(conv.op).window;
  result.lookup.resize(1);
  std::vector<int64_t> correction, most;  // -zx * sum w, and the most that the products can come to
  for (size_t o = 0; o < channels; ++o) {
    int64_t sum = 0, magnitude = 0;
    for (size_t i = 0; i < taps; ++i) sum += weights.w[o * taps + i], magnitude += std::abs(weights.w[o * taps + i]);
    result.multiplier.push_back(x.scale * weights.scale[o]);
    correction.push_back(-x.zero_point * sum);
    most.push_back(255 * magnitude);
  }
  const auto fits = [&](const std::vector<int64_t>& bias) {
    for (size_t o = 0; o < channels; ++o) {
      if (std::abs(bias[o] + correction[o]) + most[o] > kMostSum) return false;
    }
    return true;
  };
  const std::vector<int64_t> zeros(channels, 0);
  auto bias = integer_bias(s, conv, result.multiplier);
  if (bias && fits(*bias)) {
    result.bias.assign(channels, 0.0f);
  } else {
    bias = zeros;
    result.bias = float_bias(s, conv, int64_t(channels));
    if (!fits(zeros)) {
      throw CompileError(describe(s.graph, conv) + ": the sum of " + std::to_string(taps) +
                         " products may exceed 32 bits; supported: sums that fit");
    }
  }
  for (size_t o = 0; o < channels; ++o) result.acc_bias.push_back(int32_t((*bias)[o] + correction[o]));
  return result;
}

// ---- which form -----------------------------------------------------------------------------------------------------

void lower_convolution(State& s, int32_t index) {
  const Node conv = s.graph.nodes[size_t(index)];
  const int64_t groups = std::get<Conv>(conv.op).groups;
  if (groups != 1) {
    throw CompileError(describe(s.graph, conv) + ": group=" + std::to_string(groups) + " is unsupported; supported: 1");
  }
  const Node* quantised_weights = constant_dequantise(s, conv.inputs[1], {DType::s8, DType::u8});
  const std::optional<Dequantised> x = dequantised(s, conv.inputs[0]);
  const Shape shape = s.graph.value(conv.inputs[1]).shape;
  const std::string weights_name = s.graph.value(conv.inputs[1]).name;
  if (x && quantised_weights) {
    const IntegerWeights weights = integer_weights(s, conv, *quantised_weights);
    QConv op = integer_form(s, conv, weights, x->quant);
    // Outside the picture the kernel reads the value's own zero point; its scale is in the multipliers.
    const bool same_zero = s.graph.value(x->value).quant->zero_point == x->quant.zero_point;
    const ValueId input = same_zero ? x->value : with_meaning(s, x->value, x->quant);
    op.summands = summands_of(weights.w);
    const ValueId w = s.add_constant(weights_name, as_s8(weights.w, shape, op.summands));
    const ValueId read = repeated(s, input, op.summands);
    s.graph.nodes[size_t(index)].op = std::move(op);
    s.graph.nodes[size_t(index)].inputs = {read, w};
  } else {
    FConv op;
    op.window = std::get<Conv>(conv.op).window;
    op.bias = float_bias(s, conv, shape[0]);
    const std::vector<float> weights = float_operand(s, conv, conv.inputs[1], "weights");
    const ValueId w = s.graph.value(conv.inputs[1]).constant
                          ? conv.inputs[1]
                          : s.add_constant(weights_name, Tensor::of<float>(shape, weights));
    s.graph.nodes[size_t(index)].op = std::move(op);
    s.graph.nodes[size_t(index)].inputs = {conv.inputs[0], w};
  }
}

}  // namespace sparsec::passes::integer
