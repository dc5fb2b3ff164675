// What follows a convolution moves into its epilogue.
//
// From each convolution one follows the chain of sole readers, in the order of the formula in ir/op.h: scale and shift
// per channel (into multiplier and bias), activation, residual add. At the chain's end every Quantize becomes an output
// of the convolution, and every Lookup behind one an output with a table; the float value remains an output where
// something else reads it. A value that is used before the chain has taken it in stays as it is: then the chain ends
// there. Absorbed nodes lose their inputs and outputs, and dead code removal drops them.
#include <array>
#include <cmath>

#include "compiler/passes/integerise.h"
#include "compiler/passes/passes.h"

namespace sparsec::passes {
namespace {

using integer::activation_quant;

void absorb(Node& node) {
  node.inputs.clear();
  node.outputs.clear();
}

// The node that alone reads the float output of the convolution; null at the chain's end.
Node* next_in_chain(Graph& graph, const Node& conv) {
  const int32_t reader = Links(graph).sole_consumer(conv.outputs[0]);
  return reader < 0 ? nullptr : &graph.nodes[size_t(reader)];
}

// The convolution now makes what `node` made.
void extend(Node& conv, Node& node) {
  conv.outputs[0] = node.outputs[0];
  absorb(node);
}

// ---- scale and shift ------------------------------------------------------------------------------------------------

// x * c, x / c, x + c or x - c with c per channel: f = acc * multiplier + bias takes it without another rounding.
bool absorb_affine(Graph& graph, Node& conv, QConv& op) {
  Node* node = next_in_chain(graph, conv);
  const Binary* binary = node ? as<Binary>(*node) : nullptr;
  const Shape& shape = graph.value(conv.outputs[0]).shape;
  if (!binary || graph.value(node->outputs[0]).shape != shape) return false;
  const bool left = node->inputs[0] == conv.outputs[0], sum = binary->kind == BinaryKind::add;
  const bool product = binary->kind == BinaryKind::mul, quotient = binary->kind == BinaryKind::div && left;
  const bool difference = binary->kind == BinaryKind::sub && left;
  if (!sum && !product && !quotient && !difference) return false;
  const auto c = constant_per_channel(graph, node->inputs[left ? 1 : 0], shape[1]);
  if (!c) return false;
  for (size_t o = 0; o < op.bias.size(); ++o) {
    if (sum) op.bias[o] += (*c)[o];
    if (difference) op.bias[o] -= (*c)[o];
    if (product) op.multiplier[o] *= (*c)[o], op.bias[o] *= (*c)[o];
    if (quotient) op.multiplier[o] /= (*c)[o], op.bias[o] /= (*c)[o];
  }
  extend(conv, *node);
  return true;
}

// ---- activation -----------------------------------------------------------------------------------------------------

std::optional<Activation> activation_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::silu:
      return Activation::silu;
    case UnaryKind::sigmoid:
      return Activation::sigmoid;
    case UnaryKind::relu:
      return Activation::relu;
    case UnaryKind::leaky_relu:
      return Activation::leaky_relu;
    case UnaryKind::hard_swish:
      return Activation::hard_swish;
    default:
      return std::nullopt;
  }
}

template <typename ConvOp>
void absorb_activation(Graph& graph, Node& conv, ConvOp& op) {
  Node* node = next_in_chain(graph, conv);
  const Unary* unary = node ? as<Unary>(*node) : nullptr;
  const auto activation = unary ? activation_of(unary->kind) : std::nullopt;
  if (!activation) return;
  op.activation = *activation;
  op.alpha = unary->alpha;
  extend(conv, *node);
}

// ---- residual -------------------------------------------------------------------------------------------------------

// The value that the epilogue of a QConv can add: u8, with the meaning that the add gives it.
ValueId residual_operand(const Graph& graph, const QConv&, ValueId other) {
  const Node* node = produced_by<Dequantize>(graph, Links(graph), other);
  const auto quant = node ? activation_quant(graph, *node) : std::nullopt;
  return quant && graph.value(node->inputs[0]).quant == quant ? node->inputs[0] : kNoValue;
}
ValueId residual_operand(const Graph&, const FConv&, ValueId other) { return other; }

template <typename ConvOp>
void absorb_residual(Graph& graph, Node& conv, ConvOp& op) {
  Node* node = next_in_chain(graph, conv);
  const Binary* binary = node ? as<Binary>(*node) : nullptr;
  if (!binary || binary->kind != BinaryKind::add) return;
  const ValueId other = node->inputs[node->inputs[0] == conv.outputs[0] ? 1 : 0];
  const bool same_shape = graph.value(other).shape == graph.value(conv.outputs[0]).shape;
  const ValueId residual = residual_operand(graph, op, other);
  if (!same_shape || residual == kNoValue || graph.value(residual).constant) return;
  op.residual = true;
  conv.inputs.push_back(residual);
  extend(conv, *node);
}

// ---- outputs --------------------------------------------------------------------------------------------------------

// The u8 value `id` (requantised to `before`, then through `table`, when there is one) as an output, and the Lookups
// that read it as further outputs.
void absorb_quantised(Graph& graph, const Links& links, ValueId id, std::optional<Lookup256> via, Quant before,
                      QConv& op, std::vector<ValueId>& outputs) {
  std::vector<int32_t> tables;
  for (const int32_t reader : links.consumers(id)) {
    if (as<Lookup>(graph.nodes[size_t(reader)])) tables.push_back(reader);
  }
  if (links.is_output(id) || links.consumers(id).size() > tables.size()) {
    outputs.push_back(id);
    op.lookup.push_back(via);
  }
  for (const int32_t reader : tables) {
    Node& node = graph.nodes[size_t(reader)];
    Lookup256 composed{before, std::get<Lookup>(node.op).table};
    for (size_t i = 0; via && i < 256; ++i) composed.table[i] = std::get<Lookup>(node.op).table[via->table[i]];
    const ValueId made = node.outputs[0];
    absorb(node);
    absorb_quantised(graph, links, made, composed, before, op, outputs);
  }
}

void absorb_outputs(Graph& graph, Node& conv, QConv& op) {
  const Links links(graph);
  const ValueId real = conv.outputs[0];
  std::vector<ValueId> outputs;
  op.lookup.clear();
  size_t quantisers = 0;
  for (const int32_t reader : links.consumers(real)) {
    Node& node = graph.nodes[size_t(reader)];
    const auto quant = as<Quantize>(node) ? activation_quant(graph, node) : std::nullopt;
    if (!quant) continue;
    ++quantisers;
    const ValueId made = node.outputs[0];
    absorb(node);
    absorb_quantised(graph, links, made, std::nullopt, *quant, op, outputs);
  }
  if (links.uses(real) > quantisers || outputs.empty()) {
    outputs.push_back(real);
    op.lookup.push_back(std::nullopt);
  }
  conv.outputs = outputs;
}

// ---- the rest -------------------------------------------------------------------------------------------------------

// A batch norm that no convolution took in: x * factor + offset per channel.
void lower_batchnorms(Graph& graph) {
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    const Node node = graph.nodes[i];
    const BatchNorm* op = as<BatchNorm>(node);
    if (!op) continue;
    std::array<std::vector<float>, 4> parameters;  // scale, b, mean, var
    for (size_t p = 0; p < 4; ++p) {
      const Tensor* t = constant(graph, node.inputs[p + 1]);
      if (!t) {
        throw CompileError(describe(graph, node) +
                           ": the parameters are computed at run time; supported: constant parameters");
      }
      parameters[p] = {t->data<float>().begin(), t->data<float>().end()};
    }
    const auto& [scale, b, mean, var] = parameters;
    std::vector<float> factor, offset;
    for (size_t c = 0; c < scale.size(); ++c) {
      factor.push_back(scale[c] / std::sqrt(var[c] + op->epsilon));
      offset.push_back(b[c] - mean[c] * factor[c]);
    }
    const Shape shape{1, int64_t(scale.size()), 1, 1};
    const ValueId f = graph.add_constant(node.name + "/factor", Tensor::of<float>(shape, factor));
    const ValueId o = graph.add_constant(node.name + "/offset", Tensor::of<float>(shape, offset));
    const ValueId scaled = append(graph, node.name + "/mul", Binary{BinaryKind::mul}, {node.inputs[0], f});
    const ValueId shifted = append(graph, node.name + "/add", Binary{BinaryKind::add}, {scaled, o});
    replace_uses(graph, node.outputs[0], shifted);
  }
}

// Decode takes the sigmoid of whole levels: it moves into the convolutions that make them, where they make nothing
// else.
void move_sigmoid_out_of_decode(Graph& graph, Node& node, Decode& decode) {
  if (decode.sigmoid_done) return;
  const Links links(graph);
  const auto plain = [&](const auto& op) { return op.activation == Activation::none && !op.residual; };
  for (const ValueId level : node.inputs) {
    if (links.producer(level) < 0 || links.uses(level) != 1) return;
    const Node& conv = graph.nodes[size_t(links.producer(level))];
    const QConv* q = as<QConv>(conv);
    const FConv* f = as<FConv>(conv);
    if (conv.outputs.size() != 1 || !((q && plain(*q)) || (f && plain(*f)))) return;
  }
  for (const ValueId level : node.inputs) {
    Op& op = graph.nodes[size_t(links.producer(level))].op;
    if (auto* q = std::get_if<QConv>(&op)) q->activation = Activation::sigmoid;
    if (auto* f = std::get_if<FConv>(&op)) f->activation = Activation::sigmoid;
  }
  decode.sigmoid_done = true;
}

}  // namespace

Graph fuse_epilogues(Graph graph) {
  lower_batchnorms(graph);
  graph = tidy(std::move(graph));
  for (Node& conv : graph.nodes) {
    if (auto* op = std::get_if<QConv>(&conv.op)) {
      if (graph.value(conv.outputs[0]).type != DType::f32 || conv.outputs.size() > 1) continue;  // fused before
      if (op->activation == Activation::none && !op->residual) {
        while (absorb_affine(graph, conv, *op)) {
        }
        absorb_activation(graph, conv, *op);
      }
      if (!op->residual) absorb_residual(graph, conv, *op);
      absorb_outputs(graph, conv, *op);
    } else if (auto* op = std::get_if<FConv>(&conv.op)) {
      if (op->activation == Activation::none && !op->residual) absorb_activation(graph, conv, *op);
      if (!op->residual) absorb_residual(graph, conv, *op);
    }
  }
  for (Node& node : graph.nodes) {
    if (auto* decode = std::get_if<Decode>(&node.op)) move_sigmoid_out_of_decode(graph, node, *decode);
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
