// YOLOv5 heads as exporters write them, for the tests of lower_head and raw heads.
#pragma once

#include "tests/passes/graph_builder.h"

namespace sparsec::passes {

struct HeadStyle {
  bool sigmoid_first = false;   // before the reshape
  bool grid_minus_half = true;  // v6.1 on: (2p + (cell - 0.5)) * stride; before: (2p - 0.5 + cell) * stride
  bool square_by_mul = false;
  bool decode_boxes = true;  // false: the raw [N,A,H,W,5+classes]
};

struct HeadBuilder : GraphBuilder {
  int64_t classes = 3, batch = 1;
  HeadStyle style;

  // One level over the convolution output x; [N, A*H*W, 5+classes] unless raw.
  ValueId level(ValueId x, float stride, const std::vector<std::array<float, 2>>& anchors) {
    const Shape s = graph().value(x).shape;
    const int64_t a = int64_t(anchors.size()), no = 5 + classes, h = s[2], w = s[3];
    ValueId v = style.sigmoid_first && style.decode_boxes ? unary(UnaryKind::sigmoid, x) : x;
    v = op(Transpose{{0, 1, 3, 4, 2}}, {reshape(v, {batch, a, no, h, w})});
    if (!style.decode_boxes) return v;
    if (!style.sigmoid_first) v = unary(UnaryKind::sigmoid, v);
    const auto columns = [&](int64_t first, int64_t n) {
      return op(Slice{{0, 0, 0, 0, first}, {1, 1, 1, 1, 1}, {batch, a, h, w, n}}, {v});
    };
    const ValueId doubled = binary(BinaryKind::mul, columns(0, 2), scalar(2));
    ValueId xy;
    if (style.grid_minus_half) {
      xy = binary(BinaryKind::add, doubled, grid(a, h, w, -0.5f));
    } else {
      xy = binary(BinaryKind::add, binary(BinaryKind::sub, doubled, scalar(0.5f)), grid(a, h, w, 0));
    }
    xy = binary(BinaryKind::mul, xy, scalar(stride));
    ValueId wh = binary(BinaryKind::mul, columns(2, 2), scalar(2));
    wh = style.square_by_mul ? binary(BinaryKind::mul, wh, wh) : binary(BinaryKind::pow, wh, scalar(2));
    wh = binary(BinaryKind::mul, wh, anchor_grid(anchors));
    return reshape(op(Concat{4}, {xy, wh, columns(4, no - 4)}), {batch, a * h * w, no});
  }

  ValueId grid(int64_t a, int64_t h, int64_t w, float offset) {
    std::vector<float> cells;
    for (int64_t i = 0; i < a * h * w; ++i) {
      cells.push_back(float(i % w) + offset);
      cells.push_back(float(i / w % h) + offset);
    }
    return constant<float>({1, a, h, w, 2}, cells);
  }
  ValueId anchor_grid(const std::vector<std::array<float, 2>>& anchors) {
    std::vector<float> sizes;
    for (const auto& a : anchors) sizes.insert(sizes.end(), a.begin(), a.end());
    return constant<float>({1, int64_t(anchors.size()), 1, 1, 2}, sizes);
  }
};

}  // namespace sparsec::passes
