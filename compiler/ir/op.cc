// Names of operators and their kinds, as printed and as errors say them.
#include "compiler/ir/op.h"

#include "compiler/error.h"

namespace sparsec {
namespace {

struct OpName {
#define SPARSEC_OP_NAME(op) \
  const char* operator()(const op&) const { return #op; }
  SPARSEC_OP_NAME(Unary)
  SPARSEC_OP_NAME(Binary)
  SPARSEC_OP_NAME(Concat)
  SPARSEC_OP_NAME(MaxPool)
  SPARSEC_OP_NAME(Resize)
  SPARSEC_OP_NAME(Slice)
  SPARSEC_OP_NAME(Reshape)
  SPARSEC_OP_NAME(Transpose)
  SPARSEC_OP_NAME(Pad)
  SPARSEC_OP_NAME(Cast)
  SPARSEC_OP_NAME(Softmax)
  SPARSEC_OP_NAME(SpaceToDepth)
  SPARSEC_OP_NAME(Conv)
  SPARSEC_OP_NAME(BatchNorm)
  SPARSEC_OP_NAME(Quantize)
  SPARSEC_OP_NAME(Dequantize)
  SPARSEC_OP_NAME(QConv)
  SPARSEC_OP_NAME(FConv)
  SPARSEC_OP_NAME(Lookup)
  SPARSEC_OP_NAME(QBinary)
  SPARSEC_OP_NAME(Decode)
#undef SPARSEC_OP_NAME
};

}  // namespace

const char* name_of(const Op& op) { return std::visit(OpName{}, op); }

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "none";
    case Activation::silu:
      return "silu";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::relu:
      return "relu";
    case Activation::leaky_relu:
      return "leaky_relu";
    case Activation::hard_swish:
      return "hard_swish";
  }
  SPARSEC_CHECK(false, "unknown activation");
}

const char* name_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::sigmoid:
      return "sigmoid";
    case UnaryKind::silu:
      return "silu";
    case UnaryKind::relu:
      return "relu";
    case UnaryKind::leaky_relu:
      return "leaky_relu";
    case UnaryKind::hard_swish:
      return "hard_swish";
    case UnaryKind::hard_sigmoid:
      return "hard_sigmoid";
    case UnaryKind::tanh:
      return "tanh";
    case UnaryKind::exp:
      return "exp";
    case UnaryKind::sqrt:
      return "sqrt";
    case UnaryKind::neg:
      return "neg";
    case UnaryKind::abs:
      return "abs";
    case UnaryKind::clip:
      return "clip";
  }
  SPARSEC_CHECK(false, "unknown unary operator");
}

const char* name_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::add:
      return "add";
    case BinaryKind::sub:
      return "sub";
    case BinaryKind::mul:
      return "mul";
    case BinaryKind::div:
      return "div";
    case BinaryKind::pow:
      return "pow";
    case BinaryKind::min:
      return "min";
    case BinaryKind::max:
      return "max";
  }
  SPARSEC_CHECK(false, "unknown binary operator");
}

}  // namespace sparsec
