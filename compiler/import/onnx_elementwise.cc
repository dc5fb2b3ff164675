// Operators that work element by element: activations, arithmetic, casts; and Softmax, which is applied like one.
#include <limits>
#include <numeric>

#include "compiler/import/onnx_ops.h"

namespace sparsec::importer {
namespace {

// ---- one input ------------------------------------------------------------------------------------------------------

template <UnaryKind kind>
void unary(NodeImport& n) {
  const bool number = n.value(0).constant != nullptr && n.input(0).as == Carried::plain;  // any type folds
  n.output(0, n.emit(Unary{kind, 0, 0}, {number ? n.input(0).id : n.float_input(0)}));
}

void leaky_relu(NodeImport& n) {
  n.output(0, n.emit(Unary{UnaryKind::leaky_relu, n.real("alpha", 0.01f), 0}, {n.float_input(0)}));
}

void hard_sigmoid(NodeImport& n) {
  n.output(0, n.emit(Unary{UnaryKind::hard_sigmoid, n.real("alpha", 0.2f), n.real("beta", 0.5f)}, {n.float_input(0)}));
}

// A bound of Clip: an attribute in old models, a constant scalar in newer ones.
float clip_bound(NodeImport& n, const char* attribute, size_t input, float otherwise) {
  if (n.has_attribute(attribute) || !n.has_input(input)) return n.real(attribute, otherwise);
  const TensorPtr bound = n.constant(input);
  n.require(bound->size() == 1,
            std::string(attribute) + " has shape " + to_string(bound->shape) + "; supported: a scalar");
  return float(bound->as_doubles()[0]);
}

void clip(NodeImport& n) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float low = clip_bound(n, "min", 1, -kInfinity), high = clip_bound(n, "max", 2, kInfinity);
  n.output(0, n.emit(Unary{UnaryKind::clip, low, high}, {n.float_input(0)}));
}

// Passed on as they are. Dropout's mask keeps everything when it is not training.
void identity(NodeImport& n) { n.output(0, n.input(0).id, n.input(0).as); }

void dropout(NodeImport& n) {
  const TensorPtr training = n.constant_if_given(2);
  const TensorPtr ratio = n.constant_if_given(1);
  const bool drops = training && training->size() == 1 && training->as_ints()[0] != 0 &&
                     !(ratio && ratio->size() == 1 && ratio->as_doubles()[0] == 0);
  n.require(!drops, "training_mode is on; supported: inference");
  identity(n);
  if (!n.wants(1)) return;
  const Shape shape = n.value(0).shape;
  n.reserve_elements(shape);
  Tensor mask(DType::boolean, shape);
  std::ranges::fill(mask.data<bool>(), true);
  n.output(1, std::move(mask));
}

// ---- two or more inputs ---------------------------------------------------------------------------------------------

// Operands as the Graph's arithmetic takes them: both constant, both f32, or sums of ConvInteger with integer
// constants.
struct Operands {
  std::vector<ValueId> ids;
  Carried as = Carried::plain;
};

Operands arithmetic_operands(NodeImport& n) {
  Operands operands;
  bool all_constant = true;
  for (size_t i = 0; i < n.input_count(); ++i) {
    const Binding b = n.input(i);
    operands.ids.push_back(b.id);
    all_constant = all_constant && n.value(i).constant;
    if (b.as == Carried::s32_as_f32) operands.as = Carried::s32_as_f32;
  }
  if (all_constant) return operands;
  for (size_t i = 0; i < operands.ids.size(); ++i) {
    const Value v = n.value(i);
    if (operands.as == Carried::plain) {
      operands.ids[i] = n.float_input(i);
    } else if (v.constant && v.type == DType::s32) {
      operands.ids[i] = n.emit(Cast{DType::f32}, {operands.ids[i]});
    } else {
      n.require(n.input(i).as == Carried::s32_as_f32, "input " + std::to_string(i) + " ('" + n.node.inputs[i] +
                                                          "') does not fit an s32 sum; supported: an s32 constant");
    }
  }
  return operands;
}

template <BinaryKind kind>
void binary(NodeImport& n) {
  n.require(n.input_count() == 2, "has " + std::to_string(n.input_count()) + " inputs; supported: 2");
  const Operands operands = arithmetic_operands(n);
  const bool exact = kind == BinaryKind::add || kind == BinaryKind::sub || kind == BinaryKind::mul;
  n.require(exact || operands.as == Carried::plain, "an s32 tensor is unsupported here; supported: f32");
  n.output(0, n.emit(Binary{kind}, operands.ids), operands.as);
}

// The exponent may be of another type than the base.
void pow(NodeImport& n) {
  n.require(n.input_count() == 2, "has " + std::to_string(n.input_count()) + " inputs; supported: 2");
  ValueId base = n.input(0).id, exponent = n.input(1).id;
  if (!n.value(0).constant) base = n.float_input(0);
  const DType type = n.value_of(base).type;
  if (n.value(1).constant && n.value(1).type != type) exponent = n.emit(Cast{type}, {exponent});
  if (!n.value_of(exponent).constant) exponent = n.float_input(1);
  n.output(0, n.emit(Binary{BinaryKind::pow}, {base, exponent}));
}

// Min, Max and Sum take any number of inputs: folded from the left.
template <BinaryKind kind>
void variadic(NodeImport& n) {
  n.require(n.input_count() >= 1, "has no inputs; supported: one or more");
  const Operands operands = arithmetic_operands(n);
  ValueId result = operands.ids[0];
  for (size_t i = 1; i < operands.ids.size(); ++i) result = n.emit(Binary{kind}, {result, operands.ids[i]});
  n.output(0, result, operands.as);
}

// ---- types ----------------------------------------------------------------------------------------------------------

// ONNX's numbers of the element types that the Graph has.
DType cast_target(NodeImport& n) {
  const int64_t to = n.integer("to", 0);
  switch (to) {
    case 1:
      return DType::f32;
    case 2:
      return DType::u8;
    case 3:
      return DType::s8;
    case 6:
      return DType::s32;
    case 7:
      return DType::i64;
    case 9:
      return DType::boolean;
    default:
      n.fail("to=" + std::to_string(to) + " is unsupported; supported: FLOAT, UINT8, INT8, INT32, INT64, BOOL");
  }
}

void cast(NodeImport& n) {
  const DType to = cast_target(n);
  const Binding b = n.input(0);
  if (b.as == Carried::s32_as_f32 && (to == DType::f32 || to == DType::s32)) {
    n.output(0, b.id, to == DType::f32 ? Carried::plain : b.as);
    return;
  }
  if (b.as == Carried::s8_as_u8) {
    if (to == DType::s8) return n.output(0, b.id, b.as);
    const QuantParams unit{{1.0f}, {128}, 0};
    const ValueId real = n.emit(Dequantize{unit}, {b.id});
    return n.output(0, to == DType::f32 ? real : n.emit(Cast{to}, {real}));
  }
  const bool same = n.value(0).type == to;
  n.output(0, same ? b.id : n.emit(Cast{to}, {b.id}));
}

// ---- softmax --------------------------------------------------------------------------------------------------------

void softmax(NodeImport& n) {
  const ValueId x = n.float_input(0);
  n.output(0, n.emit(Softmax{n.axis(n.integer("axis", -1), n.value_of(x).shape.size())}, {x}));
}

// Before opset 13 all dimensions from the axis on are one.
void softmax_of_matrix(NodeImport& n) {
  const ValueId x = n.float_input(0);
  const Shape shape = n.value_of(x).shape;
  const int64_t axis = n.axis(n.integer("axis", 1), shape.size());
  if (axis + 1 == int64_t(shape.size())) return n.output(0, n.emit(Softmax{axis}, {x}));
  const auto middle = shape.begin() + axis;
  const Shape matrix{elements(Shape(shape.begin(), middle)), elements(Shape(middle, shape.end()))};
  const ValueId rows = n.emit(Reshape{}, {x}, {DType::f32, matrix});
  n.output(0, n.emit(Reshape{}, {n.emit(Softmax{1}, {rows})}, {DType::f32, shape}));
}

}  // namespace

std::span<const OpRow> elementwise_ops() {
  static constexpr OpRow rows[] = {
      {"", "Sigmoid", 1, unary<UnaryKind::sigmoid>},
      {"", "Relu", 1, unary<UnaryKind::relu>},
      {"", "HardSwish", 14, unary<UnaryKind::hard_swish>},
      {"", "Tanh", 1, unary<UnaryKind::tanh>},
      {"", "Exp", 1, unary<UnaryKind::exp>},
      {"", "Sqrt", 1, unary<UnaryKind::sqrt>},
      {"", "Neg", 1, unary<UnaryKind::neg>},
      {"", "Abs", 1, unary<UnaryKind::abs>},
      {"", "LeakyRelu", 1, leaky_relu},
      {"", "HardSigmoid", 1, hard_sigmoid},
      {"", "Clip", 1, clip},
      {"", "Identity", 1, identity},
      {"", "Dropout", 1, dropout},
      {"", "Add", 7, binary<BinaryKind::add>},
      {"", "Sub", 7, binary<BinaryKind::sub>},
      {"", "Mul", 7, binary<BinaryKind::mul>},
      {"", "Div", 7, binary<BinaryKind::div>},
      {"", "Pow", 7, pow},
      {"", "Min", 8, variadic<BinaryKind::min>},
      {"", "Max", 8, variadic<BinaryKind::max>},
      {"", "Sum", 8, variadic<BinaryKind::add>},
      {"", "Cast", 6, cast},
      {"", "Softmax", 1, softmax_of_matrix},
      {"", "Softmax", 13, softmax},
  };
  return rows;
}

}  // namespace sparsec::importer
