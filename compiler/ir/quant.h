// What an integer tensor means: real = scale * (q - zero_point).
#pragma once

#include <cstdint>
#include <vector>

namespace sparsec {

// Per tensor: every activation after the `integerise` pass. Activations are u8 (s8 ones are rebased by +128 at import).
struct Quant {
  float scale = 1;
  int32_t zero_point = 0;
  bool operator==(const Quant&) const = default;
};

// Per tensor (one entry) or per slice along `axis` (one entry per slice): what QuantizeLinear and DequantizeLinear
// carry.
struct QuantParams {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;  // as many as scale
  int64_t axis = 0;
  bool per_tensor() const { return scale.size() == 1; }
  bool operator==(const QuantParams&) const = default;
};

}  // namespace sparsec
