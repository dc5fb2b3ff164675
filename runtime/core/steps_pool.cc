// Max-pool of planes of f32, u8 or s8, in the plain form: rows of windows, the padding never wins. The hot pools of
// detectors are generated kernels.
#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

// The taps of a window that fall inside [0, size): [first, last).
struct Taps {
  int32_t first, last;
};
Taps taps(int32_t start, int32_t dilation, int32_t kernel, int32_t size) {
  const int32_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const int32_t inside = start >= size ? 0 : (size - start + dilation - 1) / dilation;
  return {first, inside < kernel ? inside : kernel};
}

template <class T>
T least_of() {
  if constexpr (sizeof(T) == 4) return -__builtin_inff();
  return std::is_signed_v<T> ? T(-128) : T(0);
}

template <class T>
void max_pool_plane(const sparsec_pool& d, char* out, const char* in) {
  for (int32_t y = 0; y < d.out_rows; ++y) {
    const int32_t top = y * d.strides[0] - d.pad_top;
    const Taps rows = taps(top, d.dilations[0], d.kernel[0], d.in_rows);
    for (int32_t x = 0; x < d.out_columns; ++x) {
      const int32_t left = x * d.strides[1] - d.pad_left;
      const Taps columns = taps(left, d.dilations[1], d.kernel[1], d.in_columns);
      T most = least_of<T>();
      for (int32_t i = rows.first; i < rows.last; ++i) {
        const char* row = in + (top + i * d.dilations[0]) * d.in_pitch;
        for (int32_t j = columns.first; j < columns.last; ++j) {
          const T value = load<T>(row + (left + j * d.dilations[1]) * d.in_step);
          if (value > most) most = value;
        }
      }
      store<T>(out + y * d.out_pitch + x * d.out_step, most);
    }
  }
}

}  // namespace
}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" void SPARSEC_STEP(max_pool)(const void* const* pointers, int64_t tiles) {
  const auto& d = *static_cast<const sparsec_pool*>(pointers[2]);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    char* out = (char*)pointers[0] + tile * tile_stride(pointers, 0);
    const char* in = static_cast<const char*>(pointers[1]) + tile * tile_stride(pointers, 1);
    if (d.type == SPARSEC_F32) max_pool_plane<float>(d, out, in);
    if (d.type == SPARSEC_U8) max_pool_plane<uint8_t>(d, out, in);
    if (d.type == SPARSEC_S8) max_pool_plane<int8_t>(d, out, in);
  }
}
