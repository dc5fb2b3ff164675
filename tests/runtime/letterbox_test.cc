// Resize and letterbox against OpenCV's own results; and every layout that the letterbox writes against the plain one.
#include "runtime/core/letterbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/core/pool.h"
#include "tests/runtime/call_step.h"
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

// The picture's rows, each in memory of its own size: a sanitizer sees what reads beyond one.
struct Source {
  Source(const std::vector<uint8_t>& rgb, int rows, int columns, bool bottom_up)
      : bytes(new uint8_t[rgb.size()]), row_bytes(bottom_up ? -3 * columns : 3 * columns) {
    first = bytes.get() + (bottom_up ? 3 * columns * (rows - 1) : 0);
    for (int y = 0; y < rows; ++y) memcpy(first + y * row_bytes, &rgb[size_t(3 * columns * y)], size_t(3 * columns));
  }
  std::unique_ptr<uint8_t[]> bytes;
  uint8_t* first;
  ptrdiff_t row_bytes;
};

std::vector<uint8_t> resized(const opencv_expected::Case& c) {
  const Source in(picture(c.rows, c.columns), c.rows, c.columns, false);
  std::vector<Column> columns(size_t(c.out_columns));
  prepare_columns(c.columns, c.out_columns, columns.data());
  const Resize r{in.first, in.row_bytes, c.rows, c.columns, c.out_rows, c.out_columns, columns.data()};
  const size_t room = lanes_room(c.out_columns);
  std::vector<int16_t> rows(2 * room);
  std::vector<uint8_t> lanes(room), out;
  RowCache cache{{rows.data(), rows.data() + room}, {-1, -1}};
  for (int y = 0; y < c.out_rows; ++y) {
    resize_row(r, y, cache, lanes.data());
    for (int x = 0; x < c.out_columns; ++x) {
      out.insert(out.end(), &lanes[size_t(4 * x)], &lanes[size_t(4 * x + 3)]);
      EXPECT_EQ(lanes[size_t(4 * x + 3)], 0);
    }
  }
  return out;
}

TEST(Resize, AgreesWithOpenCvToTheBit) {
  const std::vector<uint8_t> first = resized(opencv_expected::kResized[0]);
  EXPECT_EQ(first, std::vector<uint8_t>(std::begin(opencv_expected::kFirst), std::end(opencv_expected::kFirst)));
  for (const auto& c : opencv_expected::kResized)
    EXPECT_EQ(fnv(resized(c)), c.hash) << c.rows << "x" << c.columns << " to " << c.out_rows << "x" << c.out_columns;
}

// The resizing as it is meant, pixel by pixel.
std::vector<uint8_t> resized_plainly(const std::vector<uint8_t>& in, const opencv_expected::Case& c) {
  std::vector<uint8_t> out;
  const auto place = [](int i, int from, int to, int* first, int* second, int w[2], bool clamp_fraction) {
    const double scale = 1.0 / (double(to) / from);
    const float f = float((i + 0.5) * scale - 0.5);
    int at = int(std::floor(f));
    float fraction = f - float(at);
    if (clamp_fraction && at < 0) at = 0, fraction = 0;
    if (clamp_fraction && at >= from - 1) at = from - 1, fraction = 0;
    *first = std::clamp(at, 0, from - 1);
    *second = std::clamp(at + 1, 0, from - 1);
    w[0] = int(std::nearbyint((1.0f - fraction) * 2048.0f));
    w[1] = int(std::nearbyint(fraction * 2048.0f));
  };
  const bool same = c.rows == c.out_rows && c.columns == c.out_columns;
  const bool half = c.rows == 2 * c.out_rows && c.columns == 2 * c.out_columns;
  const auto pixel = [&](int y, int x, int k) { return int(in[size_t((y * c.columns + x) * 3 + k)]); };
  for (int y = 0; y < c.out_rows; ++y) {
    for (int x = 0; x < c.out_columns; ++x) {
      int y0, y1, x0, x1, wy[2], wx[2];
      place(y, c.rows, c.out_rows, &y0, &y1, wy, false);
      place(x, c.columns, c.out_columns, &x0, &x1, wx, true);
      for (int k = 0; k < 3; ++k) {
        const auto along = [&](int row) { return (pixel(row, x0, k) * wx[0] + pixel(row, x1, k) * wx[1]) >> 4; };
        int v = (((along(y0) * wy[0]) >> 16) + ((along(y1) * wy[1]) >> 16) + 2) >> 2;
        if (same) v = pixel(y, x, k);
        if (half)
          v = (pixel(2 * y, 2 * x, k) + pixel(2 * y, 2 * x + 1, k) + pixel(2 * y + 1, 2 * x, k) +
               pixel(2 * y + 1, 2 * x + 1, k) + 2) >>
              2;
        out.push_back(uint8_t(v));
      }
    }
  }
  return out;
}

TEST(Resize, IsThePlainLoopAtEverySize) {
  for (int columns : {1, 2, 3, 4, 5, 7, 8, 16, 33}) {
    for (int out_columns : {1, 2, 3, 4, 5, 8, 11, 16, 17, 40}) {
      for (const auto& [rows, out_rows] : {std::pair{1, 3}, {2, 1}, {6, 3}, {5, 5}, {4, 9}}) {
        const opencv_expected::Case c{rows, columns, out_rows, out_columns, 0};
        ASSERT_EQ(resized(c), resized_plainly(picture(rows, columns), c))
            << rows << "x" << columns << " to " << out_rows << "x" << out_columns;
      }
    }
  }
}

// Runs the step as a context does: a Picture for each thread, rows shared out.
std::vector<uint8_t> letterboxed(const sparsec_letterbox& d, const opencv_expected::Case& c, bool bottom_up,
                                 int64_t row_stride, int64_t bytes, int threads) {
  const Source in(picture(c.rows, c.columns), c.rows, c.columns, bottom_up);
  size_t bytes_left = letterbox_scratch_bytes(c.out_columns, threads) + 64;
  std::vector<char> memory(bytes_left);
  void* aligned = memory.data();
  char* scratch = static_cast<char*>(std::align(64, bytes_left - 64, aligned, bytes_left));
  std::vector<Picture> pictures(static_cast<size_t>(threads));
  letterbox_begin(pictures.data(), threads, in.first, in.row_bytes, fit(c.rows, c.columns, c.out_rows, c.out_columns),
                  scratch);
  std::vector<uint8_t> out(size_t(bytes), 0xa5);
  for (int t = 0; t < threads; ++t) {
    const Share s = share_of(c.out_rows / d.phase_rows, t, threads);
    testing_steps::call_step(
        sparsec_step_letterbox, s.end - s.begin,
        {{&out[size_t(s.begin * row_stride)], row_stride}, {out.data(), 0}, {&pictures[size_t(t)], 0}, {&d, 0}});
  }
  return out;
}

std::vector<uint8_t> plain(const opencv_expected::Case& c, int threads, uint32_t type) {
  const sparsec_letterbox d = plain_input(type, c.out_rows, c.out_columns);
  return letterboxed(d, c, false, d.plane_stride / c.out_rows, 3 * d.plane_stride, threads);
}

TEST(Letterbox, AgreesWithYolov5ToTheBit) {
  for (const auto& c : opencv_expected::kLetterboxed) {
    for (int threads : {1, 3}) {
      const std::vector<uint8_t> planes = plain(c, threads, SPARSEC_U8), floats = plain(c, threads, SPARSEC_F32);
      std::vector<uint8_t> pixels(planes.size());
      const size_t plane = planes.size() / 3;
      for (size_t i = 0; i < plane; ++i) {
        for (size_t k = 0; k < 3; ++k) pixels[3 * i + k] = planes[k * plane + i];
      }
      EXPECT_EQ(fnv(pixels), c.hash) << c.rows << "x" << c.columns;
      for (size_t i = 0; i < planes.size(); ++i) {
        float f;
        memcpy(&f, &floats[4 * i], 4);
        ASSERT_EQ(f, float(planes[i]) / 255.0f);
      }
    }
  }
}

// The first layer's layouts: what the plain planes hold, each pixel in its phase, through the table.
TEST(Letterbox, WritesEveryLayoutAsFromThePlainInput) {
  const std::pair<int, int> sizes[] = {{1, 1}, {1, 70}, {70, 1}, {33, 21}, {24, 36}, {48, 72}, {100, 61}, {200, 301}};
  for (const auto& [rows, columns] : sizes) {
    const opencv_expected::Case c{rows, columns, 24, 36, 0};
    const std::vector<uint8_t> expected = plain(c, 1, SPARSEC_U8);
    for (const auto& [phase_rows, phase_columns] : {std::pair{1, 1}, {2, 2}, {2, 3}}) {
      for (int form = 0; form < 4; ++form) {  // lanes, lanes through a table, planes of bytes, planes of floats
        for (int threads : {1, 2, 3}) {
          sparsec_letterbox d = plain_input(form == 3 ? SPARSEC_F32 : SPARSEC_U8, 24, 36);
          d.lanes = form < 2;
          d.identity = form == 0;
          d.phase_rows = phase_rows;
          d.phase_columns = phase_columns;
          for (int v = 0; v < 256 && form != 0; ++v) d.byte[v] = uint8_t(v * 7 + 3), d.value[v] = float(v) * 0.3f - 1;
          const int64_t element = form == 2 ? 1 : 4, per_row = 36 / phase_columns, pitch = per_row + 3;
          d.plane_stride = pitch * element * (24 / phase_rows) + 64;
          const int64_t planes = phase_rows * phase_columns * (d.lanes ? 1 : 3);
          const auto out = letterboxed(d, c, threads == 2, pitch * element, planes * d.plane_stride, threads);
          std::vector<uint8_t> want(out.size(), 0xa5);  // between the rows nothing is touched
          for (int y = 0; y < 24; ++y) {
            for (int x = 0; x < 36; ++x) {
              const int phase = y % phase_rows * phase_columns + x % phase_columns;
              const int64_t at = (y / phase_rows * pitch + x / phase_columns) * element;
              if (d.lanes) want[size_t(phase * d.plane_stride + at + 3)] = 0;
              for (int k = 0; k < 3; ++k) {
                const uint8_t v = expected[size_t((k * 24 + y) * 36 + x)];
                uint8_t* to = &want[size_t((d.lanes ? phase : phase * 3 + k) * d.plane_stride + at)];
                if (form == 3) {
                  memcpy(to, &d.value[v], 4);
                } else {
                  to[d.lanes ? k : 0] = d.byte[v];
                }
              }
            }
          }
          ASSERT_EQ(out, want) << rows << "x" << columns << ", phases " << phase_rows << "x" << phase_columns
                               << ", form " << form << ", " << threads << " threads";
        }
      }
    }
  }
}

}  // namespace
