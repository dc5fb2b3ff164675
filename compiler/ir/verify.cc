// Three looks at a Graph: its wiring (who makes and who reads what, in which order), its types (inference again,
// against what is stored), and the promises of its stage.
#include "compiler/ir/verify.h"

#include <string>
#include <vector>

#include "compiler/ir/infer.h"

namespace sparsec {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, Stage stage, std::string_view pass)
      : graph_(graph), stage_(stage), pass_(pass), available_(graph.values.size(), false) {}

  void run() {
    check_sources();
    for (const Node& node : graph_.nodes) {
      node_ = &node;
      check_wiring(node);
      check_types(node);
      if (stage_ >= Stage::integer) check_integer(node);
      if (stage_ >= Stage::fused) check_fused(node);
    }
    node_ = nullptr;
    for (ValueId id : graph_.outputs) {
      require(exists(id), "graph output " + std::to_string(id) + " does not exist");
      require(available_[size_t(id)], "graph output " + describe(id) + " is made by no node");
    }
  }

 private:
  void require(bool condition, const std::string& problem) const {
    if (condition) return;
    std::string at = "internal error: after " + std::string(pass_) + ": ";
    if (node_) at += "node " + node_->name + " (" + name_of(node_->op) + "): ";
    throw InternalError(at + problem);
  }
  bool exists(ValueId id) const { return id >= 0 && size_t(id) < graph_.values.size(); }
  std::string describe(ValueId id) const { return "%" + std::to_string(id) + " '" + graph_.value(id).name + "'"; }

  // What is there before the first node: inputs and constants.
  void check_sources() {
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      const Value& v = graph_.values[i];
      for (int64_t d : v.shape) require(d >= 0, describe(ValueId(i)) + " has shape " + to_string(v.shape));
      if (!v.constant) continue;
      const Tensor& t = *v.constant;
      require(t.type == v.type && t.shape == v.shape && t.bytes.size() == size_t(t.size()) * size_of(t.type),
              "constant " + describe(ValueId(i)) + " is " + name_of(v.type) + " " + to_string(v.shape) + " but holds " +
                  std::to_string(t.bytes.size()) + " bytes of " + name_of(t.type) + " " + to_string(t.shape));
      available_[i] = true;
    }
    for (ValueId id : graph_.inputs) {
      require(exists(id), "graph input " + std::to_string(id) + " does not exist");
      require(!available_[size_t(id)], "graph input " + describe(id) + " is a constant or listed twice");
      available_[size_t(id)] = true;
    }
  }

  // Every input is there already; every output is made here and nowhere else.
  void check_wiring(const Node& node) {
    bool absent = false;
    for (ValueId id : node.inputs) {
      absent |= id == kNoValue;
      if (id == kNoValue) continue;
      require(!absent, "an input follows an absent one");
      require(exists(id), "input " + std::to_string(id) + " does not exist");
      require(available_[size_t(id)], "input " + describe(id) + " is not made by any earlier node");
    }
    require(!node.outputs.empty(), "has no output");
    for (ValueId id : node.outputs) {
      require(exists(id), "output " + std::to_string(id) + " does not exist");
      require(!available_[size_t(id)], "output " + describe(id) + " is made twice, an input or a constant");
      available_[size_t(id)] = true;
    }
  }

  std::vector<TypeAndShape> types_of(const std::vector<ValueId>& ids) const {
    std::vector<TypeAndShape> types;
    for (ValueId id : ids) {
      if (id != kNoValue) types.push_back({graph_.value(id).type, graph_.value(id).shape});
    }
    return types;
  }

  void check_types(const Node& node) const {
    const std::vector<TypeAndShape> stored = types_of(node.outputs);
    std::vector<TypeAndShape> inferred;
    try {
      inferred = infer(node.op, types_of(node.inputs), stored, "");
    } catch (const CompileError& error) {
      require(false, error.what());
    }
    require(inferred.size() == stored.size(),
            "has " + std::to_string(stored.size()) + " outputs, not " + std::to_string(inferred.size()));
    for (size_t i = 0; i < stored.size(); ++i) {
      require(inferred[i] == stored[i], "output " + describe(node.outputs[i]) + " is stored as " +
                                            name_of(stored[i].type) + " " + to_string(stored[i].shape) +
                                            " but comes out as " + name_of(inferred[i].type) + " " +
                                            to_string(inferred[i].shape));
    }
    if (std::holds_alternative<QConv>(node.op) || std::holds_alternative<FConv>(node.op)) {
      require(graph_.value(node.inputs[1]).constant != nullptr, "weights are not constant");
    }
  }

  bool is_u8_activation(ValueId id) const {
    return id != kNoValue && graph_.value(id).type == DType::u8 && !graph_.value(id).constant;
  }

  void require_quant(ValueId id) const {
    const auto& quant = graph_.value(id).quant;
    require(quant.has_value(), "u8 value " + describe(id) + " has no quant");
    require(quant->scale > 0 && quant->zero_point >= 0 && quant->zero_point <= 255,
            "u8 value " + describe(id) + " has an impossible quant");
  }

  // A quantiser's parameters are those of the u8 activation that it makes or reads. (One quantised per channel, which
  // only the quantisers themselves understand, has its meaning there.)
  void require_same_params(ValueId id, const QuantParams& q) const {
    if (!is_u8_activation(id) || !graph_.value(id).quant || !q.per_tensor()) return;
    require(*graph_.value(id).quant == Quant{q.scale[0], q.zero_point[0]},
            "its parameters are not the quant of " + describe(id));
  }

  // From `integerise` on: whatever integer operators read and make says what it means, and operators that only move
  // elements keep that meaning. (A u8 picture that goes straight into a Cast or Dequantize needs no quant.)
  void check_integer(const Node& node) const {
    const auto reads_and_makes = [&](auto&& f) {
      for (ValueId id : node.inputs) {
        if (is_u8_activation(id)) f(id);
      }
      for (ValueId id : node.outputs) {
        if (is_u8_activation(id)) f(id);
      }
    };
    if (std::holds_alternative<QConv>(node.op) || std::holds_alternative<QBinary>(node.op) ||
        std::holds_alternative<Lookup>(node.op)) {
      reads_and_makes([&](ValueId id) { require_quant(id); });
    } else if (const auto* q = std::get_if<Quantize>(&node.op)) {
      if (is_u8_activation(node.outputs[0])) require_quant(node.outputs[0]);
      require_same_params(node.outputs[0], q->q);
    } else if (const auto* dq = std::get_if<Dequantize>(&node.op)) {
      require_same_params(node.inputs[0], dq->q);
    } else if (is_u8_activation(node.outputs[0]) && !std::holds_alternative<Cast>(node.op)) {
      const auto& quant = graph_.value(node.outputs[0]).quant;
      reads_and_makes([&](ValueId id) {
        require(graph_.value(id).quant == quant,
                "moves u8 elements between different quants: " + describe(id) + ", " + describe(node.outputs[0]));
      });
    }
  }

  // From `fuse_epilogues` on: convolutions are QConv or FConv, their weights are as kernels take them.
  void check_fused(const Node& node) const {
    require(!std::holds_alternative<Conv>(node.op) && !std::holds_alternative<BatchNorm>(node.op),
            "should have become a QConv or FConv");
    if (std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op)) {
      require(!graph_.value(node.inputs[0]).constant, "quantises a constant, " + describe(node.inputs[0]));
    }
  }

  const Graph& graph_;
  Stage stage_;
  std::string_view pass_;
  std::vector<bool> available_;  // values that the nodes so far can read
  const Node* node_ = nullptr;
};

}  // namespace

void verify(const Graph& graph, Stage stage, std::string_view after_pass) { Verifier(graph, stage, after_pass).run(); }

}  // namespace sparsec
