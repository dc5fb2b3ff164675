// One line per node: outputs with type and shape, operator, operands, attributes, name.
//
// A value is its number (%12); a constant is its name and shape (%conv.weight[16x3x6x6]). Vectors of numbers are
// summarised by their sums, so that a dump stays readable and still changes when they do.
#include "compiler/ir/print.h"

#include <charconv>
#include <numeric>
#include <sstream>

namespace sparsec {
namespace {

// The shortest text that reads back as the same float.
std::string text(float x) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  return {buffer.data(), end};
}

std::string text(int64_t x) { return std::to_string(x); }

template <typename T>
std::string list(const std::vector<T>& values, const char* separator = ",") {
  std::string out;
  for (const T& v : values) out += (out.empty() ? "" : separator) + text(v);
  return out;
}

// Long lists by their sum.
std::string sum(const std::vector<float>& v) {
  std::ostringstream out;
  out.precision(7);
  out << "sum(" << std::accumulate(v.begin(), v.end(), 0.0) << ")";
  return out.str();
}
std::string sum(const std::vector<int32_t>& v) {
  return "sum(" + std::to_string(std::accumulate(v.begin(), v.end(), int64_t{0})) + ")";
}

std::string text(const Quant& q) { return "(" + text(q.scale) + ", " + std::to_string(q.zero_point) + ")"; }

std::string text(const Window& w) {
  std::string out = "kernel=" + list<int64_t>({w.kernel[0], w.kernel[1]}, "x") +
                    " strides=" + list<int64_t>({w.strides[0], w.strides[1]}, "x");
  if (w.dilations != Window{}.dilations) out += " dilations=" + list<int64_t>({w.dilations[0], w.dilations[1]}, "x");
  return out + " pads=" + list<int64_t>({w.pads.top, w.pads.left, w.pads.bottom, w.pads.right});
}

std::string text(const QuantParams& q) {
  if (q.per_tensor()) return "scale=" + text(q.scale[0]) + " zero_point=" + std::to_string(q.zero_point[0]);
  return "scale=" + sum(q.scale) + " zero_point=" + sum(q.zero_point) + " axis=" + text(q.axis);
}

std::string table_text(const std::array<uint8_t, 256>& table) {
  return "sum(" + std::to_string(std::accumulate(table.begin(), table.end(), 0)) + ")";
}

std::string epilogue_text(Activation activation, float alpha, bool residual) {
  std::string out = std::string(" activation=") + name_of(activation);
  if (activation == Activation::leaky_relu) out += " alpha=" + text(alpha);
  return out + (residual ? " residual" : "");
}

// An operator's attributes, separated by spaces, in the order of their declaration.
struct Attributes {
  std::string operator()(const Unary& op) const {
    std::string out = name_of(op.kind);
    if (op.kind == UnaryKind::leaky_relu) return out + " alpha=" + text(op.alpha);
    if (op.kind == UnaryKind::clip || op.kind == UnaryKind::hard_sigmoid) {
      return out + " alpha=" + text(op.alpha) + " beta=" + text(op.beta);
    }
    return out;
  }
  std::string operator()(const Binary& op) const { return name_of(op.kind); }
  std::string operator()(const Concat& op) const { return "axis=" + text(op.axis); }
  std::string operator()(const MaxPool& op) const { return text(op.window); }
  std::string operator()(const Resize& op) const {
    return "rows=" + sources(op.source_row) + " cols=" + sources(op.source_col);
  }
  std::string operator()(const Slice& op) const {
    return "starts=" + list(op.starts) + " steps=" + list(op.steps) + " extents=" + list(op.extents);
  }
  std::string operator()(const Reshape&) const { return ""; }
  std::string operator()(const Transpose& op) const { return "perm=" + list(op.perm); }
  std::string operator()(const Pad& op) const {
    return "before=" + list(op.before) + " after=" + list(op.after) + " value=" + text(op.value);
  }
  std::string operator()(const Cast& op) const { return std::string("to=") + name_of(op.to); }
  std::string operator()(const Softmax& op) const { return "axis=" + text(op.axis); }
  std::string operator()(const SpaceToDepth& op) const {
    return "block=" + text(op.rows) + "x" + text(op.cols) + " fill=" + text(op.fill);
  }
  std::string operator()(const Conv& op) const {
    return text(op.window) + (op.groups == 1 ? "" : " groups=" + text(op.groups));
  }
  std::string operator()(const BatchNorm& op) const { return "epsilon=" + text(op.epsilon); }
  std::string operator()(const Quantize& op) const { return text(op.q); }
  std::string operator()(const Dequantize& op) const { return text(op.q); }
  std::string operator()(const QConv& op) const {
    std::string out = text(op.window) + " acc_bias=" + sum(op.acc_bias) + " multiplier=" + sum(op.multiplier) +
                      " bias=" + sum(op.bias) + epilogue_text(op.activation, op.alpha, op.residual);
    if (op.summands > 1) out += " summands=" + text(op.summands);
    for (const auto& lookup : op.lookup) {
      out += " lookup=" + (lookup ? text(lookup->before) + table_text(lookup->table) : "none");
    }
    return out;
  }
  std::string operator()(const FConv& op) const {
    return text(op.window) + " bias=" + sum(op.bias) + epilogue_text(op.activation, op.alpha, op.residual);
  }
  std::string operator()(const Lookup& op) const { return "table=" + table_text(op.table); }
  std::string operator()(const QBinary& op) const { return name_of(op.kind); }
  std::string operator()(const Decode& op) const {
    std::string out = "classes=" + text(op.classes) + " sigmoid_done=" + (op.sigmoid_done ? "yes" : "no");
    for (const DecodeLevel& level : op.levels) {
      out += " level=" + text(level.stride) + ":";
      for (size_t a = 0; a < level.anchors.size(); ++a) {
        out += (a ? "," : "") + text(level.anchors[a][0]) + "x" + text(level.anchors[a][1]);
      }
    }
    return out;
  }

 private:
  // 0,0,1,1,2,2... is 2x when every source is repeated as often; anything else is its length and sum.
  static std::string sources(const std::vector<int64_t>& index) {
    const int64_t most = index.empty() ? 0 : index.back() + 1;
    const int64_t factor = most > 0 ? int64_t(index.size()) / most : 0;
    bool even = factor > 0;
    for (size_t i = 0; even && i < index.size(); ++i) even = index[i] == int64_t(i) / factor;
    if (even) return text(factor) + "x";
    return text(int64_t(index.size())) + "/sum(" + text(std::accumulate(index.begin(), index.end(), int64_t{0})) + ")";
  }
};

std::string type_text(const Value& v) {
  return std::string(name_of(v.type)) + (v.quant ? text(*v.quant) : "") + " " + to_string(v.shape);
}

std::string reference(const Graph& graph, ValueId id) {
  if (id == kNoValue) return "-";
  const Value& v = graph.value(id);
  if (!v.constant) return "%" + std::to_string(id);
  return "%" + (v.name.empty() ? std::to_string(id) : v.name) + "[" + to_string(v.shape) + "]";
}

std::string declaration(const Graph& graph, ValueId id) {
  return "%" + std::to_string(id) + " " + type_text(graph.value(id));
}

}  // namespace

std::string print(const Graph& graph, const Node& node) {
  std::string out;
  for (ValueId id : node.outputs) out += (out.empty() ? "" : ", ") + declaration(graph, id);
  out += std::string(" = ") + name_of(node.op) + "(";
  for (size_t i = 0; i < node.inputs.size(); ++i) out += (i ? ", " : "") + reference(graph, node.inputs[i]);
  out += ")";
  const std::string attributes = std::visit(Attributes{}, node.op);
  if (!attributes.empty()) out += " " + attributes;
  if (!node.name.empty()) out += "   # " + node.name;
  return out;
}

std::string print(const Graph& graph) {
  std::string out;
  for (ValueId id : graph.inputs) out += "input " + declaration(graph, id) + "   # " + graph.value(id).name + "\n";
  for (const Node& node : graph.nodes) out += print(graph, node) + "\n";
  for (ValueId id : graph.outputs) out += "output " + reference(graph, id) + "   # " + graph.value(id).name + "\n";
  return out;
}

}  // namespace sparsec
