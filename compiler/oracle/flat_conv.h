// Convolution as runs over flat planes, so that plain loops are quick.
//
// The picture is copied with its padding and split into phases: phase (py, px) holds the pixels whose row is py modulo
// the row stride and whose column is px modulo the column stride. All phases share one pitch, so output (y, x) at flat
// position y * pitch + x reads, for tap (ky, kx), flat position + a constant: every tap is one multiply-accumulate over
// a run of neighbours, whatever the stride. Positions with x >= the output's width are computed and dropped. Each
// output adds its products in the order input channel, tap row, tap column.
#pragma once

#include <algorithm>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"

namespace sparsec::oracle {

template <typename T>
class FlatPicture {
 public:
  // Channels [first, first + count) of picture n of x, [N,C,H,W]; pixels outside read as `outside`.
  template <typename Stored>
  FlatPicture(const Tensor& x, int64_t n, int64_t first, int64_t count, const Window& w, int64_t out_rows,
              int64_t out_cols, Stored outside)
      : window_(w) {
    const int64_t height = x.shape[2], width = x.shape[3];
    const int64_t reach_rows = (w.kernel[0] - 1) * w.dilations[0] / w.strides[0];
    const int64_t reach_cols = (w.kernel[1] - 1) * w.dilations[1] / w.strides[1];
    pitch_ = out_cols + reach_cols;
    rows_ = out_rows + reach_rows;
    channel_ = w.strides[0] * w.strides[1] * rows_ * pitch_;
    data_.assign(size_t(count * channel_), T(outside));
    const auto pixels = x.data<Stored>();
    for (int64_t c = 0; c < count; ++c) {
      for (int64_t py = 0; py < w.strides[0]; ++py) {
        for (int64_t px = 0; px < w.strides[1]; ++px) {
          for (int64_t r = 0; r < rows_; ++r) {
            const int64_t row = r * w.strides[0] + py - w.pads.top;
            if (row < 0 || row >= height) continue;
            const size_t from = size_t(((n * x.shape[1] + first + c) * height + row) * width);
            T* to = &data_[size_t(c * channel_ + phase(py, px) + r * pitch_)];
            for (int64_t q = 0; q < pitch_; ++q) {
              const int64_t col = q * w.strides[1] + px - w.pads.left;
              if (col >= 0 && col < width) to[q] = T(pixels[from + size_t(col)]);
            }
          }
        }
      }
    }
  }

  int64_t pitch() const { return pitch_; }

  // What tap (ky, kx) of channel c reads for the output at flat position 0.
  const T* tap(int64_t c, int64_t ky, int64_t kx) const {
    const int64_t row = ky * window_.dilations[0], col = kx * window_.dilations[1];
    return &data_[size_t(c * channel_ + phase(row % window_.strides[0], col % window_.strides[1]) +
                         row / window_.strides[0] * pitch_ + col / window_.strides[1])];
  }

 private:
  int64_t phase(int64_t py, int64_t px) const { return (py * window_.strides[1] + px) * rows_ * pitch_; }

  Window window_;
  int64_t pitch_, rows_, channel_;
  std::vector<T> data_;
};

// Calls accumulate(acc, run, weight, count) for each tap and finish(o, y, x, acc) for each output.
//   weights: [O, channels, kh, kw], row-major; start(o): what an accumulator begins with.
template <typename Acc, typename T, typename W>
void convolve(const FlatPicture<T>& picture, const W* weights, int64_t channels, const Window& window,
              int64_t first_output, int64_t end_output, int64_t out_rows, int64_t out_cols, auto&& start,
              auto&& accumulate, auto&& finish) {
  constexpr int64_t kRun = 2048;  // accumulators and the pictures' rows under them stay in cache
  const int64_t positions = (out_rows - 1) * picture.pitch() + out_cols;
  std::vector<Acc> acc(kRun);
  for (int64_t o = first_output; o < end_output; ++o) {
    for (int64_t begin = 0; begin < positions; begin += kRun) {
      const int64_t count = std::min(kRun, positions - begin);
      std::fill_n(acc.begin(), count, start(o));
      const W* w = weights + o * channels * window.kernel[0] * window.kernel[1];
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
          for (int64_t kx = 0; kx < window.kernel[1]; ++kx)
            accumulate(acc.data(), picture.tap(c, ky, kx) + begin, *w++, count);
        }
      }
      for (int64_t i = 0; i < count; ++i) {
        const int64_t y = (begin + i) / picture.pitch(), x = (begin + i) % picture.pitch();
        if (x < out_cols) finish(o, y, x, acc[size_t(i)]);
      }
    }
  }
}

}  // namespace sparsec::oracle
