// Resize and letterbox against OpenCV's own results.
#include "runtime/core/letterbox.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "runtime/core/pool.h"
#include "tests/runtime/opencv_expected.h"

namespace {

using namespace sparsec::rt;

std::vector<uint8_t> picture(int rows, int columns) {  // as opencv_expected.py makes them
  std::vector<uint8_t> p(size_t(rows) * size_t(columns) * 3);
  for (size_t i = 0; i < p.size(); ++i) p[i] = uint8_t((uint64_t(i) * 2654435761u >> 7) % 256);
  return p;
}

uint32_t fnv(const std::vector<uint8_t>& data) {
  uint32_t h = 2166136261u;
  for (uint8_t b : data) h = (h ^ b) * 16777619u;
  return h;
}

std::vector<uint8_t> resized(const opencv_expected::Case& c) {
  const std::vector<uint8_t> in = picture(c.rows, c.columns);
  std::vector<Column> columns(size_t(c.out_columns));
  prepare_columns(c.columns, c.out_columns, columns.data());
  const Resize r{in.data(), c.columns * 3, c.rows, c.columns, c.out_rows, c.out_columns, columns.data()};
  std::vector<int16_t> rows(size_t(6 * c.out_columns));
  RowCache cache{{rows.data(), rows.data() + 3 * c.out_columns}, {-1, -1}};
  std::vector<uint8_t> out(size_t(c.out_rows * c.out_columns * 3));
  for (int y = 0; y < c.out_rows; ++y) resize_row(r, y, cache, &out[size_t(y * c.out_columns * 3)]);
  return out;
}

TEST(Resize, AgreesWithOpenCvToTheBit) {
  const std::vector<uint8_t> first = resized(opencv_expected::kResized[0]);
  EXPECT_EQ(first, std::vector<uint8_t>(std::begin(opencv_expected::kFirst), std::end(opencv_expected::kFirst)));
  for (const auto& c : opencv_expected::kResized)
    EXPECT_EQ(fnv(resized(c)), c.hash) << c.rows << "x" << c.columns << " to " << c.out_rows << "x" << c.out_columns;
}

template <class T>
std::vector<T> letterboxed(const opencv_expected::Case& c, const std::vector<uint8_t>& in, uint32_t type, float scale,
                           int threads) {
  const Geometry g = fit(c.rows, c.columns, c.out_rows, c.out_columns);
  std::vector<char> memory(letterbox_scratch_bytes(c.out_columns, threads) + 64);
  char* scratch = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory.data()) + 63) & ~uintptr_t{63});
  std::vector<T> out(size_t(3 * c.out_rows * c.out_columns));
  Letterbox l;
  letterbox_begin(l, in.data(), c.columns * 3, g, type, scale, out.data(), scratch);
  for (int t = 0; t < threads; ++t) {
    const Share s = share_of(c.out_rows, t, threads);
    letterbox_rows(l, int32_t(s.begin), int32_t(s.end), t, scratch);
  }
  return out;
}

TEST(Letterbox, AgreesWithYolov5ToTheBit) {
  for (const auto& c : opencv_expected::kLetterboxed) {
    const std::vector<uint8_t> in = picture(c.rows, c.columns);
    for (int threads : {1, 3}) {
      const auto planes = letterboxed<uint8_t>(c, in, SPARSEC_U8, 1, threads);
      std::vector<uint8_t> pixels(planes.size());
      const size_t plane = planes.size() / 3;
      for (size_t i = 0; i < plane; ++i) {
        for (size_t k = 0; k < 3; ++k) pixels[3 * i + k] = planes[k * plane + i];
      }
      EXPECT_EQ(fnv(pixels), c.hash) << c.rows << "x" << c.columns;
      const auto floats = letterboxed<float>(c, in, SPARSEC_F32, 1.0f / 255.0f, threads);
      const auto scaled = letterboxed<float>(c, in, SPARSEC_F32, 0.5f, threads);
      for (size_t i = 0; i < floats.size(); ++i) {
        ASSERT_EQ(floats[i], float(planes[i]) / 255.0f);
        ASSERT_EQ(scaled[i], float(planes[i]) * 0.5f);
      }
    }
  }
}

}  // namespace
