// Ready-made steps of detectors: max-pool against a loop over every window, decoding against its formula.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "runtime/core/numerics.h"
#include "runtime/core/steps.h"
#include "tests/runtime/call_step.h"

namespace {

namespace fn = sparsec::numerics;
using testing_steps::call_step;

template <class T>
void check_max_pool(uint32_t type, T least) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    sparsec_pool d{};
    d.type = type;
    d.in_rows = int(random() % 8 + 1);
    d.in_columns = int(random() % 8 + 1);
    for (int k = 0; k < 2; ++k) {
      d.kernel[k] = int(random() % 4 + 1);
      d.strides[k] = int(random() % 3 + 1);
      d.dilations[k] = int(random() % 2 + 1);
    }
    d.pad_top = int(random() % 3);
    d.pad_left = int(random() % 3);
    d.out_rows = int(random() % 5 + 1);
    d.out_columns = int(random() % 5 + 1);
    d.in_step = 2 * sizeof(T);
    d.out_step = 4;
    d.in_pitch = d.in_columns * d.in_step + 4;
    d.out_pitch = d.out_columns * d.out_step;
    std::vector<uint8_t> in(size_t(2 * d.in_rows * d.in_pitch)), out(size_t(2 * d.out_rows * d.out_pitch));
    const auto at = [&](int p, int y, int x) { return &in[size_t((p * d.in_rows + y) * d.in_pitch + x * d.in_step)]; };
    for (int p = 0; p < 2; ++p) {
      for (int y = 0; y < d.in_rows; ++y) {
        for (int x = 0; x < d.in_columns; ++x) {
          const T v = T(int(random() % 200) - (least < 0 ? 100 : 0));
          memcpy(at(p, y, x), &v, sizeof v);
        }
      }
    }
    call_step(sparsec_step_max_pool, 2,
              {{out.data(), d.out_rows * d.out_pitch}, {in.data(), d.in_rows * d.in_pitch}, {&d, 0}});
    for (int p = 0; p < 2; ++p) {
      for (int y = 0; y < d.out_rows; ++y) {
        for (int x = 0; x < d.out_columns; ++x) {
          T most = least;
          for (int r = 0; r < d.kernel[0]; ++r) {
            for (int c = 0; c < d.kernel[1]; ++c) {
              const int from_y = y * d.strides[0] - d.pad_top + r * d.dilations[0];
              const int from_x = x * d.strides[1] - d.pad_left + c * d.dilations[1];
              if (from_y < 0 || from_x < 0 || from_y >= d.in_rows || from_x >= d.in_columns) continue;
              T v;
              memcpy(&v, at(p, from_y, from_x), sizeof v);
              most = std::max(most, v);
            }
          }
          T got;
          memcpy(&got, &out[size_t((p * d.out_rows + y) * d.out_pitch + x * d.out_step)], sizeof got);
          ASSERT_EQ(got, most);
        }
      }
    }
  }
}

TEST(Steps, MaxPoolNeverTakesThePadding) {
  check_max_pool<float>(SPARSEC_F32, -std::numeric_limits<float>::infinity());
  check_max_pool<uint8_t>(SPARSEC_U8, 0);
  check_max_pool<int8_t>(SPARSEC_S8, -128);
}

TEST(Steps, DecodeRowAgreesToTheBit) {
  std::mt19937 random(4);
  std::uniform_real_distribution<float> logit(-6, 6);
  std::vector<int> widths{32, 35, 70};
  for (int columns = 1; columns <= 21; ++columns) widths.push_back(columns);
  for (int columns : widths) {
    for (int channels : {5, 6, 8, 9, 12, 13, 19, 20, 85}) {
      for (uint32_t done : {0u, 1u}) {
        for (int64_t column_stride : {4, 8}) {
          const int rows = 3;
          const int64_t row = columns * column_stride, plane = rows * row + 8;
          const sparsec_decode_row d{columns, channels, plane, column_stride, 16, 30, 61.5f, done};
          std::vector<float> planes(size_t(plane * channels / 4)), out(size_t(rows * columns * channels), -7.0f);
          for (auto& v : planes) v = done ? fn::sigmoid(logit(random)) : logit(random);
          // From row 1 on: the rows' numbers come from the origin.
          call_step(sparsec_step_decode_row, rows - 1,
                    {{&out[size_t(columns * channels)], 4 * columns * channels},
                     {(const char*)planes.data() + row, row},
                     {out.data(), 0},
                     {&d, 0}});
          for (int y = 0; y < rows; ++y) {
            for (int x = 0; x < columns; ++x) {
              for (int c = 0; c < channels; ++c) {
                const float t = planes[size_t((c * plane + y * row + x * column_stride) / 4)];
                const float p = done ? t : fn::sigmoid(t);
                float expected = p;
                if (c == 0) expected = (p * 2 - 0.5f + float(x)) * 16;
                if (c == 1) expected = (p * 2 - 0.5f + float(y)) * 16;
                if (c == 2) expected = (p * 2) * (p * 2) * 30;
                if (c == 3) expected = (p * 2) * (p * 2) * 61.5f;
                if (y == 0) expected = -7;
                ASSERT_EQ(out[size_t((y * columns + x) * channels + c)], expected)
                    << columns << " " << channels << " " << c;
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
