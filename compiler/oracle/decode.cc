// The head: from planes of box codes to boxes, one row of 5 + classes numbers per cell and anchor.
//
//   p  = sigmoid(t)                          numerics::sigmoid, or t where that is done already
//   xy = ((2p - 0.5) + cell) * stride        float32, in this order
//   wh = (2p * 2p) * anchor
#include "compiler/oracle/call.h"
#include "compiler/oracle/numerics.h"

namespace sparsec::oracle {

void evaluate_op(const Decode& op, const Call& call) {
  const int64_t channels = 5 + op.classes, boxes = call.out().shape[1];
  const auto out = call.out().data<float>();
  int64_t first_box = 0;  // of the level
  for (size_t l = 0; l < op.levels.size(); ++l) {
    const DecodeLevel& level = op.levels[l];
    const auto planes = call.in(l).data<float>();
    const Shape& shape = call.in(l).shape;
    const int64_t anchors = int64_t(level.anchors.size()), rows = shape[2], cols = shape[3];
    for (int64_t n = 0; n < shape[0]; ++n) {
      for (int64_t a = 0; a < anchors; ++a) {
        for (int64_t y = 0; y < rows; ++y) {
          for (int64_t x = 0; x < cols; ++x) {
            const size_t box = size_t((n * boxes + first_box + (a * rows + y) * cols + x) * channels);
            for (int64_t c = 0; c < channels; ++c) {
              const float t = planes[size_t((((n * anchors + a) * channels + c) * rows + y) * cols + x)];
              const float p = op.sigmoid_done ? t : numerics::sigmoid(t), twice = 2.0f * p;
              float& result = out[box + size_t(c)];
              if (c < 2) {
                result = ((twice - 0.5f) + float(c == 0 ? x : y)) * level.stride;
              } else if (c < 4) {
                result = (twice * twice) * level.anchors[size_t(a)][size_t(c - 2)];
              } else {
                result = p;
              }
            }
          }
        }
      }
    }
    first_box += anchors * rows * cols;
  }
}

}  // namespace sparsec::oracle
