// Activations that exporters write as several nodes become one Unary:
//
//   x * sigmoid(x)                              -> silu(x)
//   x * hard_sigmoid(x), alpha 1/6, beta 1/2    -> hard_swish(x)
//   x * (clip(x + 3, 0, 6) / 6)                 -> hard_swish(x)
//   (x * clip(x + 3, 0, 6)) / 6                 -> hard_swish(x)
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

bool near(float a, float b) { return std::fabs(a - b) < 1e-5f; }

class Matcher {
 public:
  Matcher(const Graph& graph, const Links& links) : graph_(graph), links_(links) {}

  // The activation that `node` is the last step of, and its argument.
  struct Match {
    UnaryKind kind;
    ValueId x;
  };
  std::optional<Match> match(const Node& node) const {
    const Binary* op = as<Binary>(node);
    if (!op) return std::nullopt;
    if (op->kind == BinaryKind::mul) {
      for (const auto& [x, gate] :
           {std::pair(node.inputs[0], node.inputs[1]), std::pair(node.inputs[1], node.inputs[0])}) {
        if (is_sigmoid_of(gate, x)) return Match{UnaryKind::silu, x};
        if (is_hard_sigmoid_of(gate, x)) return Match{UnaryKind::hard_swish, x};
      }
    }
    if (const std::optional<ValueId> product = sixth_of(node)) {
      const Node* mul = produced_by<Binary>(graph_, links_, *product);
      if (mul && as<Binary>(*mul)->kind == BinaryKind::mul) {
        if (is_clipped_plus_3(mul->inputs[1], mul->inputs[0])) return Match{UnaryKind::hard_swish, mul->inputs[0]};
        if (is_clipped_plus_3(mul->inputs[0], mul->inputs[1])) return Match{UnaryKind::hard_swish, mul->inputs[1]};
      }
    }
    return std::nullopt;
  }

 private:
  const Unary* unary(ValueId id, UnaryKind kind, ValueId& x) const {
    const Node* node = produced_by<Unary>(graph_, links_, id);
    if (!node || as<Unary>(*node)->kind != kind) return nullptr;
    x = node->inputs[0];
    return as<Unary>(*node);
  }

  bool is_sigmoid_of(ValueId gate, ValueId x) const {
    ValueId argument = kNoValue;
    return unary(gate, UnaryKind::sigmoid, argument) && argument == x;
  }

  bool is_hard_sigmoid_of(ValueId gate, ValueId x) const {
    ValueId argument = kNoValue;
    const Unary* op = unary(gate, UnaryKind::hard_sigmoid, argument);
    if (op) return argument == x && near(op->alpha, 1.0f / 6) && near(op->beta, 0.5f);
    if (links_.producer(gate) < 0) return false;
    const std::optional<ValueId> clipped = sixth_of(graph_.nodes[size_t(links_.producer(gate))]);
    return clipped && is_clipped_plus_3(*clipped, x);
  }

  // v, when the node is v / 6 or v * (1/6).
  std::optional<ValueId> sixth_of(const Node& node) const {
    const Binary* op = as<Binary>(node);
    if (!op) return std::nullopt;
    const auto holds = [&](ValueId id, float value) {
      const std::optional<float> c = constant_scalar(graph_, id);
      return c && near(*c, value);
    };
    if (op->kind == BinaryKind::div && holds(node.inputs[1], 6)) return node.inputs[0];
    if (op->kind != BinaryKind::mul) return std::nullopt;
    if (holds(node.inputs[1], 1.0f / 6)) return node.inputs[0];
    if (holds(node.inputs[0], 1.0f / 6)) return node.inputs[1];
    return std::nullopt;
  }

  bool is_clipped_plus_3(ValueId id, ValueId x) const {
    ValueId sum = kNoValue;
    const Unary* clip = unary(id, UnaryKind::clip, sum);
    if (!clip || !near(clip->alpha, 0) || !near(clip->beta, 6)) return false;
    const Node* add = produced_by<Binary>(graph_, links_, sum);
    if (!add || as<Binary>(*add)->kind != BinaryKind::add) return false;
    const auto is_x_and_3 = [&](ValueId a, ValueId b) {
      const std::optional<float> c = constant_scalar(graph_, b);
      return a == x && c && near(*c, 3);
    };
    return is_x_and_3(add->inputs[0], add->inputs[1]) || is_x_and_3(add->inputs[1], add->inputs[0]);
  }

  const Graph& graph_;
  const Links& links_;
};

}  // namespace

Graph recognise_activations(Graph graph) {
  const Links links(graph);
  // The last node of each pattern becomes the Unary in place; what only fed it is dead code then.
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    const auto match = Matcher(graph, links).match(node);
    if (!match || graph.value(match->x).shape != graph.value(node.outputs[0]).shape) continue;
    node.op = Unary{match->kind};
    node.inputs = {match->x};
  }
  return tidy(std::move(graph));
}

}  // namespace sparsec::passes
