// One convolution as a library in this process: random weights in blocks of four, one layer, no network around it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/kernels/conv.h"
#include "compiler/engine/engine.h"

namespace sparsec::bench {

struct LayerShape {
  const char* name;  // "3x3_128_128_40"
  int64_t kernel, in, out, side;
};

// Of YOLOv5s at 640x640.
extern const std::vector<LayerShape> kShapes;

class Layer {
 public:
  // int8 in and out, SiLU in between; of `sparsity` of the blocks all weights are zero.
  Layer(const Isa& isa, kernels::ConvFamily family, const LayerShape& shape, double sparsity);
  ~Layer();
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  void run() const;  // once, on one thread

  int64_t nonzero_macs() const { return nonzero_macs_; }  // of blocks that are not all zero
  int64_t bytes() const { return bytes_; }                // input, output and weights, each once

 private:
  int64_t nonzero_macs_ = 0, bytes_ = 0;  // filled while the library is made
  engine::Library library_;
  sparsec_rt_context* context_ = nullptr;
};

}  // namespace sparsec::bench
