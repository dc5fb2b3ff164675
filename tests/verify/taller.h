// The tiny models are too small to be cut into strips: their lowest level has two rows, and max-pools reach over as
// many. What a fused graph computes does not depend on how many rows a picture has, so they are made taller here.
#pragma once

#include <gtest/gtest.h>

#include "compiler/ir/graph.h"
#include "compiler/ir/verify.h"
#include "compiler/plan/places.h"

namespace sparsec::testing {

// Pictures of `times` as many rows, up to the decoded boxes. Of graphs without reshapes.
inline Graph taller(Graph g, int64_t times) {
  for (Value& v : g.values)
    if (is_picture(v)) v.shape[2] *= times;
  for (Node& n : g.nodes) {
    if (std::holds_alternative<Decode>(n.op)) g.values[size_t(n.outputs[0])].shape[1] *= times;
    if (auto* op = std::get_if<Resize>(&n.op)) {
      const auto rows = int64_t(op->source_row.size()), from = g.value(n.inputs[0]).shape[2] / times;
      for (int64_t y = rows; y < rows * times; ++y)
        op->source_row.push_back(op->source_row[size_t(y % rows)] + y / rows * from);
    }
  }
  verify(g, Stage::fused, "the test");
  return g;
}

// The same with heads of 3x3: the weights are the middle's, and some of them around it.
inline Graph with_wide_heads(Graph g) {
  const std::vector<int32_t> producer = g.producers();
  for (size_t i = 0; i < g.nodes.size(); ++i) {
    if (!std::holds_alternative<Decode>(g.nodes[i].op)) continue;
    for (const ValueId level : g.nodes[i].inputs) {
      Node& conv = g.nodes[size_t(producer[size_t(level)])];
      auto* q = std::get_if<QConv>(&conv.op);
      auto* f = std::get_if<FConv>(&conv.op);
      EXPECT_TRUE(q || f) << conv.name;
      Window& window = q ? q->window : f->window;
      const Tensor& narrow = *g.value(conv.inputs[1]).constant;
      EXPECT_EQ(narrow.shape[2] * narrow.shape[3], 1);
      window.kernel = {3, 3};
      window.pads = {1, 1, 1, 1};
      Tensor wide(narrow.type, {narrow.shape[0], narrow.shape[1], 3, 3});
      const size_t size = size_of(narrow.type), weights = narrow.bytes.size() / size;
      for (size_t w = 0; w < weights; ++w)
        for (const size_t tap : {size_t{4}, w % 9})
          std::copy_n(&narrow.bytes[w * size], size, &wide.bytes[(w * 9 + tap) * size]);
      conv.inputs[1] = g.add_constant(conv.name + ".wide", std::move(wide));
    }
  }
  verify(g, Stage::fused, "the test");
  return g;
}

// Behind each 3x3 convolution that keeps a picture's shape the same twice more, for an output that detection has no
// need of: then a run meets where detection does not.
inline Graph with_branches(Graph g) {
  for (size_t i = 0; i < g.nodes.size(); ++i) {
    const auto* op = std::get_if<QConv>(&g.nodes[i].op);
    if (!op || op->window.kernel[0] != 3 || g.nodes[i].outputs.size() != 1 ||
        g.value(g.nodes[i].inputs[0]).shape != g.value(g.nodes[i].outputs[0]).shape)
      continue;
    for (int more = 0; more < 2; ++more, ++i) {
      Node node = g.nodes[i];
      node.name += " again";
      std::get<QConv>(node.op).residual = false;
      node.inputs = {node.outputs[0], node.inputs[1]};
      Value out = g.value(node.outputs[0]);
      out.name += " again";
      node.outputs = {g.add_value(std::move(out))};
      g.nodes.insert(g.nodes.begin() + ptrdiff_t(i) + 1, std::move(node));
    }
    g.outputs.push_back(g.nodes[i].outputs[0]);
  }
  verify(g, Stage::fused, "the test");
  return g;
}

// Where more than one node reads the input, the letterbox writes the input itself.
inline Graph with_a_second_reader(Graph g) {
  const Value input = g.value(g.inputs[0]);
  EXPECT_EQ(input.type, DType::f32);
  g.outputs.push_back(g.add_value({"relu", DType::f32, input.shape, nullptr, {}}));
  g.nodes.push_back({"relu", Unary{UnaryKind::relu}, {g.inputs[0]}, {g.outputs.back()}});
  verify(g, Stage::fused, "the test");
  return g;
}

}  // namespace sparsec::testing
