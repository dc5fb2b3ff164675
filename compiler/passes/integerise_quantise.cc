// Quantisers on their way up, and dequantisers on their way down.
//
// Rounding to a grid is monotone and element for element, so it commutes with every operator that only moves or selects
// elements: Q(concat(a, b)) = concat(Q(a), Q(b)), Q(max-pool(x)) = max-pool(Q(x)). A quantiser is lowered by what makes
// its input: a layout operator - quantise its inputs instead and go on there; a DequantizeLinear of the same meaning -
// nothing is left; a float chain over one u8 tensor - a Lookup; a clamp - clamp what is quantised; add or mul of two u8
// tensors - a QBinary. What is left stands behind convolutions and graph inputs. Two quantisers of one value with the
// same scale are one.
#include <algorithm>
#include <cmath>

#include "compiler/passes/integerise.h"

namespace sparsec::passes::integer {

std::optional<Quant> activation_quant(const Graph& graph, const Node& node) {
  const auto quant = [](const QuantParams& q) {
    return q.per_tensor() ? std::optional(Quant{q.scale[0], q.zero_point[0]}) : std::nullopt;
  };
  if (const auto* op = as<Quantize>(node); op && graph.value(node.outputs[0]).type == DType::u8) return quant(op->q);
  if (const auto* op = as<Dequantize>(node); op && graph.value(node.inputs[0]).type == DType::u8) return quant(op->q);
  return std::nullopt;
}

std::optional<Dequantised> dequantised(const State& s, ValueId id) {
  const Node* node = s.made_by<Dequantize>(id);
  const auto quant = node ? activation_quant(s.graph, *node) : std::nullopt;
  if (!quant || s.graph.value(node->inputs[0]).constant) return std::nullopt;
  return Dequantised{node->inputs[0], *quant};
}

static ValueId copy_of(State& s, ValueId id, const std::string& name, Quant quant) {
  Lookup same;
  for (size_t i = 0; i < 256; ++i) same.table[i] = uint8_t(i);
  return s.add(name, same, {id}, {}, quant);
}

ValueId with_meaning(State& s, ValueId id, Quant quant) {
  if (s.graph.value(id).quant == quant) return id;
  const auto [entry, fresh] = s.requantised.try_emplace({id, quant.scale, quant.zero_point}, kNoValue);
  if (fresh) entry->second = copy_of(s, id, s.graph.value(id).name + "/as", quant);
  return entry->second;
}

uint8_t quantise(float x, Quant q) {
  const float steps = std::nearbyint(x / q.scale) + float(q.zero_point);
  return steps > 0 ? uint8_t(std::fmin(steps, 255.0f)) : uint8_t{0};
}

bool is_layout(const Op& op) {
  return std::holds_alternative<Concat>(op) || std::holds_alternative<MaxPool>(op) ||
         std::holds_alternative<Resize>(op) || std::holds_alternative<Slice>(op) ||
         std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Pad>(op) || std::holds_alternative<SpaceToDepth>(op);
}

Op stored_as(const Op& op, Quant q) {
  Op stored = op;
  if (auto* pad = std::get_if<Pad>(&stored)) pad->value = quantise(pad->value, q);
  if (auto* phases = std::get_if<SpaceToDepth>(&stored)) phases->fill = quantise(phases->fill, q);
  return stored;
}

// Whether what the operator fills in is a number that the quantiser can hold.
static bool fill_is_exact(const Op& op, Quant q) {
  const auto exact = [&](float x) { return float(int32_t(quantise(x, q)) - q.zero_point) * q.scale == x; };
  if (const auto* pad = std::get_if<Pad>(&op)) return exact(pad->value);
  if (const auto* phases = std::get_if<SpaceToDepth>(&op)) return exact(phases->fill);
  return true;
}

// x quantised: made before, a constant, or a new Quantize that joins the work.
static ValueId request(State& s, ValueId x, Quant q, std::vector<int32_t>& work) {
  const auto [entry, fresh] = s.quantised.try_emplace({x, q.scale, q.zero_point}, kNoValue);
  if (!fresh) return entry->second;
  const std::string name = s.graph.value(x).name + "/u8";
  if (const Tensor* t = constant(s.graph, x)) {
    Tensor stored(DType::u8, t->shape);
    std::transform(t->data<float>().begin(), t->data<float>().end(), stored.data<uint8_t>().begin(),
                   [&](float v) { return quantise(v, q); });
    return entry->second = s.add_constant(name, std::move(stored), q);
  }
  work.push_back(int32_t(s.graph.nodes.size()));
  const TypeAndShape declared{DType::u8, s.graph.value(x).shape};
  return entry->second = s.add(name, Quantize{{{q.scale}, {q.zero_point}, 0}}, {x}, declared, q);
}

static bool binary_on_u8(BinaryKind kind) {
  return kind == BinaryKind::add || kind == BinaryKind::sub || kind == BinaryKind::mul || kind == BinaryKind::min ||
         kind == BinaryKind::max;
}

// max(x, low) and min(x, high) as a table of stored values: rounding is monotone, so Q(max(x, low)) = max(Q(x),
// Q(low)). Nothing for other operators, nor for what the epilogue of the convolution before it does in float.
static std::optional<Lookup> clamp_table(const State& s, const Node& node, Quant q) {
  const Unary* op = as<Unary>(node);
  const bool relu = op && op->kind == UnaryKind::relu, clip = op && op->kind == UnaryKind::clip;
  if ((!relu && !clip) || (relu && s.made_by<QConv>(node.inputs[0]))) return std::nullopt;
  const int low = quantise(relu ? 0.0f : op->alpha, q), high = relu ? 255 : quantise(op->beta, q);
  Lookup lookup;
  for (int i = 0; i < 256; ++i) lookup.table[size_t(i)] = uint8_t(std::min(std::max(i, low), high));
  return lookup;
}

// The integer value that is Q(x), by what makes x; kNoValue where the Quantize must stay.
static ValueId integer_value(State& s, const Node& quantiser, Quant q, std::vector<int32_t>& work) {
  const ValueId x = quantiser.inputs[0];
  const std::string name = s.graph.value(quantiser.outputs[0]).name;

  if (const auto u8 = dequantised(s, x); u8 && u8->quant == q) return with_meaning(s, u8->value, q);
  if (const std::vector<ValueId> sources = s.sources[size_t(x)]; !sources.empty()) {
    const Lookup lookup{tabulate(s, x, sources[0], q)};
    return s.add(name, lookup, {sources[0]}, {}, q);
  }
  if (s.producer[size_t(x)] < 0) return kNoValue;

  const Node node = s.graph.nodes[size_t(s.producer[size_t(x)])];
  if (const auto clamp = clamp_table(s, node, q)) {
    return s.add(node.name, *clamp, {request(s, node.inputs[0], q, work)}, {}, q);
  }
  if (is_layout(node.op)) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(request(s, input, q, work));
    return s.add(node.name, stored_as(node.op, q), inputs, TypeAndShape{DType::u8, s.graph.value(x).shape}, q);
  }
  if (const auto* op = as<Binary>(node); op && binary_on_u8(op->kind)) {
    const auto a = dequantised(s, node.inputs[0]), b = dequantised(s, node.inputs[1]);
    if (a && b && s.graph.value(a->value).shape == s.graph.value(b->value).shape) {
      const ValueId left = with_meaning(s, a->value, a->quant), right = with_meaning(s, b->value, b->quant);
      return s.add(node.name, QBinary{op->kind}, {left, right}, {}, q);
    }
  }
  return kNoValue;
}

void lower_quantiser(State& s, int32_t index) {
  std::vector<int32_t> work{index};
  while (!work.empty()) {
    const Node quantiser = s.graph.nodes[size_t(work.back())];
    work.pop_back();
    const std::optional<Quant> q = activation_quant(s.graph, quantiser);
    if (!q) continue;
    const ValueId x = quantiser.inputs[0], out = quantiser.outputs[0];
    const std::tuple key{x, q->scale, q->zero_point};
    ValueId made = s.quantised.try_emplace(key, out).first->second;
    if (made == out) {
      const size_t before = s.graph.values.size();
      made = integer_value(s, quantiser, *q, work);
      if (made == kNoValue) continue;
      s.quantised[key] = made;
      if (size_t(made) >= before) s.graph.value(made).name = s.graph.value(out).name;
    }
    replace_uses(s.graph, out, made);
    if (s.graph.is_output(out)) {  // `made` has a name already: the graph output is a copy of it
      const ValueId copy = copy_of(s, made, s.graph.value(out).name, *q);
      s.graph.value(copy).name = s.graph.value(out).name;
      replace_uses(s.graph, out, copy);
    }
  }
}

void commute_dequantisers(State& s, int32_t index) {
  const Node node = s.graph.nodes[size_t(index)];
  std::vector<Dequantised> inputs;
  for (const ValueId id : node.inputs) {
    const auto u8 = dequantised(s, id);
    if (!u8 || (!inputs.empty() && !(u8->quant == inputs[0].quant))) return;
    inputs.push_back(*u8);
  }
  if (inputs.empty() || !fill_is_exact(node.op, inputs[0].quant)) return;
  const Quant q = inputs[0].quant;
  std::vector<ValueId> stored;
  for (const Dequantised& input : inputs) stored.push_back(with_meaning(s, input.value, q));
  const Value out = s.graph.value(node.outputs[0]);
  const ValueId moved = s.add(node.name, stored_as(node.op, q), stored, TypeAndShape{DType::u8, out.shape}, q);
  s.graph.value(moved).name = out.name + "/u8";
  const ValueId real = s.add(node.name + "/Dequantize", Dequantize{{{q.scale}, {q.zero_point}, 0}}, {moved});
  replace_uses(s.graph, node.outputs[0], real);
}

}  // namespace sparsec::passes::integer
