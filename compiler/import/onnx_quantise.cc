// QuantizeLinear and DequantizeLinear, and the integer operators, which become them around a float operator.
#include "compiler/import/onnx_quantise.h"

#include <cmath>

#include "compiler/import/onnx_convolution.h"
#include "compiler/import/onnx_ops.h"
#include "compiler/import/tensor_math.h"

namespace sparsec::importer {
namespace {

constexpr int32_t kRebase = 128;

QuantParams shifted(QuantParams q, int32_t by) {
  for (int32_t& z : q.zero_point) z += by;
  return q;
}

// u8 and s8 read as each other are 128 apart when the top bit is flipped.
Tensor flip_sign(const Tensor& t, DType to) {
  Tensor out = t;
  out.type = to;
  for (std::byte& b : out.bytes) b ^= std::byte{0x80};
  return out;
}

// ---- the two quantisers ---------------------------------------------------------------------------------------------

void reject_blocks(NodeImport& n) {
  n.require(n.integer("block_size", 0) == 0,
            "blocked quantisation (block_size) is unsupported; supported: one scale per "
            "tensor or per slice along an axis");
}

void quantize_linear(NodeImport& n) {
  reject_blocks(n);
  const ValueId x = n.float_input(0);
  DType otherwise = DType::u8;
  if (const int64_t type = n.integer("output_dtype", 0); type != 0) {
    n.require(type == 2 || type == 3,
              "output_dtype=" + std::to_string(type) + " is unsupported; supported: UINT8, INT8");
    otherwise = type == 2 ? DType::u8 : DType::s8;
  }
  const size_t rank = n.value_of(x).shape.size();
  Quantiser to = quantiser_of(n, 1, 2, otherwise, n.integer("axis", 1));
  if (!to.q.per_tensor()) to.q.axis = n.axis(to.q.axis, rank);
  const Binding y = quantise(n, x, to);
  n.output(0, y.id, y.as);
}

void dequantize_linear(NodeImport& n) {
  reject_blocks(n);
  const Binding x = n.input(0);
  const Value v = n.value(0);
  const DType type = x.as == Carried::s8_as_u8 ? DType::s8 : x.as == Carried::s32_as_f32 ? DType::s32 : v.type;
  Quantiser from = quantiser_of(n, 1, 2, type, n.integer("axis", 1));
  n.require(from.type == type,
            std::string("the zero point is ") + name_of(from.type) + " for an input of " + name_of(type));
  if (!from.q.per_tensor()) from.q.axis = n.axis(from.q.axis, v.shape.size());
  if (x.as != Carried::s32_as_f32) return n.output(0, dequantise(n, x, from.q));
  // A sum of ConvInteger is a float already: the scale is all that is left.
  n.require(from.q.per_tensor() && from.q.zero_point[0] == 0,
            "an s32 sum with a scale per channel or a zero point is unsupported; supported: one scale, zero point 0");
  const ValueId scale = n.add_constant(Tensor::of<float>({}, {from.q.scale[0]}));
  n.output(0, n.emit(Binary{BinaryKind::mul}, {x.id, scale}));
}

void dynamic_quantize_linear(NodeImport& n) {
  n.fail(
      "the scale depends on the data at run time, which is unsupported; supported: static quantisation "
      "(QuantizeLinear with constant scale and zero point)");
}

// ---- convolutions of integers ---------------------------------------------------------------------------------------

// The integers of input `i`, whose type must be that of the zero point where there is one.
Binding integer_input(NodeImport& n, size_t i, const Quantiser& q) {
  const Binding x = n.input(i);
  const DType type = x.as == Carried::s8_as_u8 ? DType::s8 : n.value(i).type;
  n.require(x.as != Carried::s32_as_f32 && (type == DType::u8 || type == DType::s8) && type == q.type,
            "input " + std::to_string(i) + " ('" + n.node.inputs[i] + "') is " + name_of(type) +
                " with a zero point of " + name_of(q.type) + "; supported: u8 or s8, the same for both");
  return x;
}

DType type_of_input(NodeImport& n, size_t i) {
  return n.input(i).as == Carried::s8_as_u8 ? DType::s8 : n.value(i).type;
}

// x, sx, zx, w, sw, zw, sy, zy[, b]: the bias is s32 with the product of both scales.
void qlinear_conv(NodeImport& n) {
  n.require(n.input_count() == 8 || n.input_count() == 9,
            "has " + std::to_string(n.input_count()) + " inputs; supported: 8 or 9");
  const Quantiser x = quantiser_of(n, 1, 2, type_of_input(n, 0), 0), w = quantiser_of(n, 4, 5, type_of_input(n, 3), 0);
  const Quantiser y = quantiser_of(n, 6, 7, DType::u8, 0);
  n.require(x.q.per_tensor() && y.q.per_tensor(),
            "one scale per channel of an activation is unsupported; supported: one scale");
  const Conv conv = convolution_of(n, n.value(0).shape, n.value(3).shape);
  std::vector<ValueId> inputs{dequantise(n, integer_input(n, 0, x), x.q), dequantise(n, integer_input(n, 3, w), w.q)};
  if (n.has_input(8)) {
    n.require(n.value(8).type == DType::s32,
              "the bias is " + std::string(name_of(n.value(8).type)) + "; supported: s32");
    QuantParams b = w.q;
    for (size_t i = 0; i < b.scale.size(); ++i) {
      b.scale[i] *= x.q.scale[0];
      b.zero_point[i] = 0;
    }
    inputs.push_back(n.emit(Dequantize{b}, {n.input(8).id}));
  }
  const Binding out = quantise(n, n.emit(conv, inputs), y);
  n.output(0, out.id, out.as);
}

// x, w[, zx[, zw]]: the sums of products, as floats.
void conv_integer(NodeImport& n) {
  const auto unit = [&](size_t zero_point, size_t tensor) {
    Quantiser q{{{1.0f}, {0}, 0}, type_of_input(n, tensor)};
    const TensorPtr given = n.constant_if_given(zero_point);
    if (!given) return q;
    q.type = given->type;
    q.q.zero_point.clear();
    for (int64_t z : given->as_ints()) q.q.zero_point.push_back(int32_t(z));
    n.require(!q.q.zero_point.empty() && given->shape.size() <= 1,
              "a zero point has shape " + to_string(given->shape) + "; supported: a scalar or one per output channel");
    q.q.scale.assign(q.q.zero_point.size(), 1.0f);
    return q;
  };
  const Quantiser x = unit(2, 0), w = unit(3, 1);
  n.require(x.q.per_tensor(), "one zero point per channel of the input is unsupported; supported: one");
  const Conv conv = convolution_of(n, n.value(0).shape, n.value(1).shape);
  const ValueId real_x = dequantise(n, integer_input(n, 0, x), x.q),
                real_w = dequantise(n, integer_input(n, 1, w), w.q);
  n.output(0, n.emit(conv, {real_x, real_w}), Carried::s32_as_f32);
}

// ---- ONNX Runtime's integer operators (com.microsoft) ---------------------------------------------------------------

// The real numbers of an input whose scale and zero point follow it.
ValueId real_input(NodeImport& n, size_t i) {
  const Quantiser q = quantiser_of(n, i + 1, i + 2, type_of_input(n, i), 0);
  n.require(q.q.per_tensor(), "one scale per channel is unsupported here; supported: one scale");
  return dequantise(n, integer_input(n, i, q), q.q);
}

void output_quantised(NodeImport& n, ValueId real, size_t scale, size_t zero_point, DType otherwise) {
  const Quantiser y = quantiser_of(n, scale, zero_point, otherwise, 0);
  n.require(y.q.per_tensor(), "one scale per channel is unsupported here; supported: one scale");
  const Binding out = quantise(n, real, y);
  n.output(0, out.id, out.as);
}

template <BinaryKind kind>  // a, sa, za, b, sb, zb, sy, zy
void qlinear_binary(NodeImport& n) {
  output_quantised(n, n.emit(Binary{kind}, {real_input(n, 0), real_input(n, 3)}), 6, 7, type_of_input(n, 0));
}

void qlinear_sigmoid(NodeImport& n) {  // x, sx, zx, sy, zy
  output_quantised(n, n.emit(Unary{UnaryKind::sigmoid, 0, 0}, {real_input(n, 0)}), 3, 4, type_of_input(n, 0));
}

void qlinear_leaky_relu(NodeImport& n) {  // x, sx, zx, sy, zy
  const Unary op{UnaryKind::leaky_relu, n.real("alpha", 0.01f), 0};
  output_quantised(n, n.emit(op, {real_input(n, 0)}), 3, 4, type_of_input(n, 0));
}

void qlinear_concat(NodeImport& n) {  // sy, zy, then x, sx, zx for each input
  n.require(n.input_count() >= 5 && n.input_count() % 3 == 2,
            "has " + std::to_string(n.input_count()) + " inputs; supported: 2 and 3 for each tensor");
  n.require(n.has_attribute("axis"), "has no axis");
  std::vector<ValueId> parts;
  for (size_t i = 2; i < n.input_count(); i += 3) parts.push_back(real_input(n, i));
  const Concat op{n.axis(n.integer("axis", 0), n.value(2).shape.size())};
  output_quantised(n, n.emit(op, parts), 0, 1, type_of_input(n, 2));
}

}  // namespace

Quantiser quantiser_of(NodeImport& n, size_t scale, size_t zero_point, DType otherwise, int64_t axis) {
  const TensorPtr s = n.constant(scale), z = n.constant_if_given(zero_point);
  n.require(s->type == DType::f32, std::string("the scale is ") + name_of(s->type) + "; supported: f32");
  n.require(s->shape.size() <= 1, "the scale has shape " + to_string(s->shape) +
                                      " (blocked quantisation), which is unsupported; supported: a scalar or a list");
  Quantiser out;
  out.type = z ? z->type : otherwise;
  out.q.axis = axis;
  const auto scales = s->data<float>();
  out.q.scale.assign(scales.begin(), scales.end());
  out.q.zero_point.assign(out.q.scale.size(), 0);
  if (z) {
    const std::vector<int64_t> zeros = z->as_ints();
    n.require(z->shape.size() <= 1 && (zeros.size() == 1 || zeros.size() == out.q.scale.size()),
              "the zero point has shape " + to_string(z->shape) + " for a scale of shape " + to_string(s->shape));
    for (size_t i = 0; i < out.q.zero_point.size(); ++i) {
      out.q.zero_point[i] = int32_t(zeros[zeros.size() == 1 ? 0 : i]);
    }
  }
  n.require(!out.q.scale.empty(), "the scale is empty");
  if (out.q.per_tensor()) out.q.axis = 0;
  return out;
}

ValueId dequantise(NodeImport& n, Binding integers, QuantParams q) {
  const Value v = n.value_of(integers.id);
  if (integers.as == Carried::s8_as_u8) return n.emit(Dequantize{shifted(std::move(q), kRebase)}, {integers.id});
  if (v.constant && v.type == DType::u8) {
    const ValueId weights = n.add_constant(flip_sign(*v.constant, DType::s8));
    return n.emit(Dequantize{shifted(std::move(q), -kRebase)}, {weights});
  }
  return n.emit(Dequantize{std::move(q)}, {integers.id});
}

Binding quantise(NodeImport& n, ValueId real, const Quantiser& to) {
  n.require(to.type == DType::u8 || to.type == DType::s8,
            std::string("quantises to ") + name_of(to.type) + "; supported: u8, s8");
  const Value v = n.value_of(real);
  const TypeAndShape integers{to.type, v.shape};
  if (v.constant) {
    infer(Quantize{to.q}, {{v.type, v.shape}}, {integers}, n.where);  // checks the parameters
    return {n.add_constant(quantise_constant(*v.constant, to.q, to.type))};
  }
  if (to.type == DType::u8) return {n.emit(Quantize{to.q}, {real}, integers)};
  return {n.emit(Quantize{shifted(to.q, kRebase)}, {real}, {DType::u8, v.shape}), Carried::s8_as_u8};
}

Binding rebase(NodeImport& n, Binding b) {
  const Value v = n.value_of(b.id);
  if (b.as == Carried::s8_as_u8) return b;
  n.require(v.type == DType::s8, std::string("joins an s8 tensor with ") + name_of(v.type) + "; supported: s8");
  if (v.constant) return {n.add_constant(flip_sign(*v.constant, DType::u8)), Carried::s8_as_u8};
  const ValueId real = n.emit(Dequantize{{{1.0f}, {0}, 0}}, {b.id});
  return {n.emit(Quantize{{{1.0f}, {kRebase}, 0}}, {real}, {DType::u8, n.value_of(real).shape}), Carried::s8_as_u8};
}

std::span<const OpRow> quantise_ops() {
  static constexpr OpRow rows[] = {
      {"", "QuantizeLinear", 10, quantize_linear},
      {"", "DequantizeLinear", 10, dequantize_linear},
      {"com.microsoft", "QuantizeLinear", 1, quantize_linear},
      {"com.microsoft", "DequantizeLinear", 1, dequantize_linear},
      {"", "DynamicQuantizeLinear", 11, dynamic_quantize_linear},
      {"", "QLinearConv", 10, qlinear_conv},
      {"", "ConvInteger", 10, conv_integer},
      {"com.microsoft", "QLinearAdd", 1, qlinear_binary<BinaryKind::add>},
      {"com.microsoft", "QLinearMul", 1, qlinear_binary<BinaryKind::mul>},
      {"com.microsoft", "QLinearConcat", 1, qlinear_concat},
      {"com.microsoft", "QLinearSigmoid", 1, qlinear_sigmoid},
      {"com.microsoft", "QLinearLeakyRelu", 1, qlinear_leaky_relu},
  };
  return rows;
}

}  // namespace sparsec::importer
