// A small YOLOv5 that is quantised as ONNX Runtime's quantize_static does with all operators: quantisers between any
// two, those of the head's arithmetic too.
#pragma once

#include <string>

#include "compiler/ir/tensor.h"

namespace sparsec::testing {

struct QuantisedHead {
  DType input = DType::f32;  // f32: 0 to 1; u8: 0 to 255
  bool decoded = true;       // one output of 378 boxes and 3 classes; false: the three raw heads
  bool sigmoid = false;      // in the raw heads
};

// Random weights; any number of pictures of 64 x 96.
void write_quantised_head(const std::string& path, const QuantisedHead& form = {});

}  // namespace sparsec::testing
