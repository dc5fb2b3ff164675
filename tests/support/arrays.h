// Arrays as tests hand them around: a picture as a network wants it, bytes as a file's text.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "sparsec/npy.h"

namespace sparsec::testing {

// Bytes of a picture as most networks want them: 0 to 1.
inline NpyArray as_float(const NpyArray& u8) {
  NpyArray f32{NpyType::f32, u8.shape, std::vector<std::byte>(u8.bytes.size() * 4)};
  for (size_t i = 0; i < u8.bytes.size(); ++i) {
    const float value = float(std::to_integer<int>(u8.bytes[i])) / 255.0f;
    std::memcpy(&f32.bytes[i * 4], &value, 4);
  }
  return f32;
}

inline std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sparsec::testing
