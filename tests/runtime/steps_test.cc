// The moving and mapping steps against plain loops.
#include "runtime/core/steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "runtime/core/numerics.h"
#include "tests/runtime/call_step.h"

namespace {

namespace fn = sparsec::numerics;
using testing_steps::call_step;

// The loop nest itself, element by element: visit(out, a, b offsets in bytes).
template <class Visit>
void for_each(const sparsec_loop& l, int64_t tiles, int64_t so, int64_t sa, int64_t sb, const Visit& visit) {
  int64_t total = tiles;
  for (int i = 0; i < l.rank; ++i) total *= l.shape[i];
  for (int64_t e = 0; e < total; ++e) {
    int64_t rest = e, out = 0, a = 0, b = 0;
    for (int i = l.rank - 1; i >= 0; --i) {
      const int64_t at = rest % l.shape[i];
      rest /= l.shape[i];
      out += at * l.out[i];
      a += at * l.a[i];
      b += at * l.b[i];
    }
    visit(out + rest * so, a + rest * sa, b + rest * sb);
  }
}

// Random nests: a random order of dimensions in the output and the input, with gaps and repeats.
struct RandomNest {
  sparsec_loop loop{};
  int64_t tiles, out_stride, a_stride, out_bytes, a_bytes;
  RandomNest(std::mt19937& random, int element) {
    loop.element_bytes = element;
    loop.rank = int(random() % (SPARSEC_LOOP_RANK + 1));
    const int dims = loop.rank + 1;
    std::vector<int64_t> shape(static_cast<size_t>(dims));
    for (auto& n : shape) n = int64_t(random() % 4 + 1);
    std::vector<int> order(static_cast<size_t>(dims));
    for (int i = 0; i < dims; ++i) order[size_t(i)] = i;
    const auto strides = [&](bool repeats, int64_t& bytes) {
      if (random() % 2) std::shuffle(order.begin(), order.end(), random);
      std::vector<int64_t> s(static_cast<size_t>(dims));
      int64_t next = element;
      for (int i = dims - 1; i >= 0; --i) {
        const auto d = size_t(order[size_t(i)]);
        if (repeats && random() % 5 == 0) {
          s[d] = 0;
          continue;
        }
        s[d] = next;
        next = next * shape[d] + (random() % 3 == 0 ? element : 0);
      }
      bytes = next;
      return s;
    };
    const auto so = strides(false, out_bytes), sa = strides(true, a_bytes);
    tiles = shape[0], out_stride = so[0], a_stride = sa[0];
    for (int i = 0; i < loop.rank; ++i) {
      loop.shape[i] = shape[size_t(i) + 1], loop.out[i] = so[size_t(i) + 1], loop.a[i] = sa[size_t(i) + 1];
    }
  }
};

TEST(Steps, CopyMovesAnyNest) {
  std::mt19937 random(1);
  for (int i = 0; i < 1500; ++i) {
    const int element = std::vector{1, 4, 8}[random() % 3];
    const RandomNest n(random, element);
    std::vector<uint8_t> a(static_cast<size_t>(n.a_bytes)), out(static_cast<size_t>(n.out_bytes), 0xee), expected = out;
    for (auto& v : a) v = uint8_t(random());
    for_each(n.loop, n.tiles, n.out_stride, n.a_stride, 0,
             [&](int64_t o, int64_t x, int64_t) { memcpy(&expected[size_t(o)], &a[size_t(x)], size_t(element)); });
    call_step(sparsec_step_copy, n.tiles, {{out.data(), n.out_stride}, {a.data(), n.a_stride}, {&n.loop, 0}});
    ASSERT_EQ(out, expected) << i;
  }
}

TEST(Steps, FillFillsAnyNestAndNothingElse) {
  std::mt19937 random(2);
  for (int i = 0; i < 500; ++i) {
    const int element = random() % 2 ? 4 : 1;
    RandomNest n(random, element);
    n.loop.fill = 0x12345678;
    std::vector<uint8_t> out(static_cast<size_t>(n.out_bytes), 0xee), expected = out;
    for_each(n.loop, n.tiles, n.out_stride, 0, 0,
             [&](int64_t o, int64_t, int64_t) { memcpy(&expected[size_t(o)], &n.loop.fill, size_t(element)); });
    call_step(sparsec_step_fill, n.tiles, {{out.data(), n.out_stride}, {&n.loop, 0}});
    ASSERT_EQ(out, expected) << i;
  }
}

TEST(Steps, NoTilesOrAnEmptyLoopDoNothing) {
  sparsec_loop loop{};
  loop.rank = 1;
  loop.element_bytes = 4;
  loop.shape[0] = 4;
  loop.out[0] = loop.a[0] = 4;
  uint32_t out[4] = {7, 7, 7, 7};
  const uint32_t a[4] = {1, 2, 3, 4};
  call_step(sparsec_step_copy, 0, {{out, 16}, {a, 16}, {&loop, 0}});
  loop.shape[0] = 0;
  call_step(sparsec_step_copy, 1, {{out, 16}, {a, 16}, {&loop, 0}});
  for (uint32_t v : out) EXPECT_EQ(v, 7u);
}

TEST(Steps, ResizeTakesTheRowsAndColumnsOfItsTables) {
  struct {
    sparsec_resize d;
    int32_t rows[3], columns[4];
  } descriptor{{3, 4, 12, 20}, {0, 0, 1}, {2, 0, 1, 1}};
  uint32_t in[2][2][3], out[2][3][5];
  for (size_t i = 0; i < 12; ++i) (&in[0][0][0])[i] = uint32_t(i);
  for (size_t i = 0; i < 30; ++i) (&out[0][0][0])[i] = 99;
  call_step(sparsec_step_resize, 2, {{out, sizeof out[0]}, {in, sizeof in[0]}, {&descriptor, 0}});
  for (int p = 0; p < 2; ++p) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 4; ++x) EXPECT_EQ(out[p][y][x], in[p][descriptor.rows[y]][descriptor.columns[x]]);
      EXPECT_EQ(out[p][y][4], 99u);
    }
  }
}

TEST(Steps, RepeatMakesEachPixelSeveral) {
  constexpr int kRows = 2, kPlanes = 3, kMost = 23;
  for (int times : {1, 2, 3})
    for (int width = 1; width <= kMost; ++width) {
      uint32_t in[kPlanes][kRows][kMost];
      for (size_t i = 0; i < sizeof in / 4; ++i) (&in[0][0][0])[i] = uint32_t(i);
      const int down = 4 - times;
      std::vector<uint32_t> out(size_t(kPlanes * kRows * down * (times * width + 1)), 99);
      const size_t pitch = size_t(times * width + 1), plane = kRows * size_t(down) * pitch;
      const sparsec_repeat d{width, down, times, kPlanes, sizeof in[0], int64_t(plane * 4), int64_t(pitch * 4)};
      call_step(sparsec_step_repeat, kRows, {{out.data(), int64_t(down * pitch * 4)}, {in, sizeof in[0][0]}, {&d, 0}});
      for (size_t p = 0; p < kPlanes; ++p)
        for (size_t y = 0; y < size_t(kRows * down); ++y) {
          for (size_t x = 0; x < size_t(times * width); ++x)
            EXPECT_EQ(out[p * plane + y * pitch + x], in[p][y / size_t(down)][x / size_t(times)]);
          EXPECT_EQ(out[p * plane + y * pitch + pitch - 1], 99U);
        }
    }
}

TEST(Steps, SplitRowTakesPhasesApartAndFillsTheMissing) {
  for (int step : {1, 2, 3, 4}) {
    for (int width = 1; width < 70; ++width) {
      for (int more = 0; more <= 2; ++more) {
        const int columns = (width + step - 1) / step + more;
        const int64_t row = 4 * (columns + 1);
        const sparsec_split_row d{width, columns, step, 0xabcdu, 2 * row};
        // Exactly as much as it may read, so that a sanitizer sees one pixel more.
        std::vector<uint32_t> in(size_t(2 * width)), out(size_t(2 * step * (columns + 1)), 5u);
        for (size_t i = 0; i < in.size(); ++i) in[i] = uint32_t(i * 3 + 1);
        call_step(sparsec_step_split_row, 2, {{out.data(), row}, {in.data(), 4 * width}, {&d, 0}});
        const uint32_t* got = out.data();
        for (int phase = 0; phase < step; ++phase) {
          for (int t = 0; t < 2; ++t) {
            for (int x = 0; x < columns; ++x) {
              const int from = x * step + phase;
              ASSERT_EQ(*got++, from < width ? in[size_t(t * width + from)] : 0xabcdu)
                  << step << " " << width << " " << phase << " " << x;
            }
            ASSERT_EQ(*got++, 5u);
          }
        }
      }
    }
  }
}

float plain_unary(uint32_t kind, float x, float alpha, float beta) {
  switch (kind) {
    case SPARSEC_SIGMOID:
      return 1 / (1 + fn::exp(-x));
    case SPARSEC_SILU:
      return x / (1 + fn::exp(-x));
    case SPARSEC_RELU:
      return x < 0 ? 0 : x;
    case SPARSEC_LEAKY_RELU:
      return x < 0 ? alpha * x : x;
    case SPARSEC_HARD_SWISH:
      return x * std::fmin(std::fmax(std::fma(x, 1.0f / 6.0f, 0.5f), 0.0f), 1.0f);
    case SPARSEC_HARD_SIGMOID:
      return std::fmin(std::fmax(alpha * x + beta, 0.0f), 1.0f);
    case SPARSEC_TANH:
      return fn::tanh(x);
    case SPARSEC_EXP:
      return fn::exp(x);
    case SPARSEC_SQRT:
      return std::sqrt(x);
    case SPARSEC_NEG:
      return -x;
    case SPARSEC_ABS:
      return std::fabs(x);
    default:
      return std::fmin(std::fmax(x, alpha), beta);
  }
}

TEST(Steps, UnaryAgreesToTheBit) {
  for (uint32_t kind = SPARSEC_SIGMOID; kind <= SPARSEC_CLIP; ++kind) {
    for (int64_t stride : {4, 12}) {  // vector loops and strided ones
      sparsec_loop loop{};
      loop.rank = 1;
      loop.shape[0] = 67;
      loop.out[0] = loop.a[0] = stride;
      loop.kind = kind;
      loop.alpha = kind == SPARSEC_CLIP ? -1.5f : 0.3f;
      loop.beta = 2;
      std::vector<float> a(size_t(3 * 67 * stride / 4)), out(a.size(), 77);
      for (size_t i = 0; i < a.size(); ++i) a[i] = (kind == SPARSEC_SQRT ? 0.0f : -20.0f) + float(i * 37 % 401) / 10;
      call_step(sparsec_step_unary, 3, {{out.data(), 67 * stride}, {a.data(), 67 * stride}, {&loop, 0}});
      for (size_t i = 0; i < a.size(); ++i) {
        ASSERT_EQ(out[i], i % size_t(stride / 4) == 0 ? plain_unary(kind, a[i], loop.alpha, loop.beta) : 77)
            << kind << " " << a[i];
      }
    }
  }
}

TEST(Steps, NumericsAreAccurate) {
  for (int i = -8600; i <= 8600; ++i) {
    const float x = float(i) / 100;
    EXPECT_NEAR(fn::exp(x) / std::exp(double(x)), 1, 3e-7) << x;
    EXPECT_NEAR(fn::sigmoid(x), 1 / (1 + std::exp(-double(x))), 2e-7) << x;
    EXPECT_NEAR(fn::tanh(x), std::tanh(double(x)), 2e-7) << x;
    if (i <= 0) continue;
    EXPECT_NEAR(fn::log(x), std::log(double(x)), 4e-7 * std::fmax(1, std::fabs(std::log(double(x))))) << x;
  }
  EXPECT_EQ(fn::pow(3, 2), 9);
  EXPECT_EQ(fn::pow(-2, 3), -8);
  EXPECT_EQ(fn::pow(4, 0.5f), 2);
  EXPECT_EQ(fn::pow(2, -2), 0.25f);
  EXPECT_EQ(fn::pow(0, 0.3f), 0);
  EXPECT_NEAR(fn::pow(1.7f, 2.3f), std::pow(1.7, 2.3), 1e-5);
  EXPECT_NEAR(fn::pow(-1.1f, 9), std::pow(-1.1, 9), 1e-5);
  EXPECT_TRUE(std::isnan(fn::pow(-1, 0.3f)));
  EXPECT_EQ(fn::round_even(2.5f), 2);
  EXPECT_EQ(fn::round_even(-3.5f), -4);
  EXPECT_EQ(fn::round_even(8388609.0f), 8388609);
  EXPECT_EQ(fn::round_even(5000000.5f), 5000000);
  EXPECT_EQ(fn::round_even(3e9f), INT32_MIN);
  EXPECT_EQ(fn::round_even(NAN), INT32_MIN);
}

TEST(Steps, BinaryBroadcastsByStridesOfZero) {
  const float a[2][3] = {{1, 2, 3}, {4, 5, 6}}, b[3] = {2, 0.5f, -1}, one = 10;
  const auto run = [&](uint32_t kind, const void* right, int64_t stride, float* out) {
    sparsec_loop loop{};
    loop.rank = 1;
    loop.shape[0] = 3;
    loop.out[0] = loop.a[0] = 4;
    loop.b[0] = stride;
    loop.kind = kind;
    call_step(sparsec_step_binary, 2, {{out, 12}, {a, 12}, {right, 0}, {&loop, 0}});
  };
  const auto expected = [](uint32_t kind, float x, float y) {
    switch (kind) {
      case SPARSEC_ADD:
        return x + y;
      case SPARSEC_SUB:
        return x - y;
      case SPARSEC_MUL:
        return x * y;
      case SPARSEC_DIV:
        return x / y;
      case SPARSEC_POW:
        return fn::pow(x, y);
      case SPARSEC_MIN:
        return std::fmin(x, y);
      default:
        return std::fmax(x, y);
    }
  };
  for (uint32_t kind = SPARSEC_ADD; kind <= SPARSEC_MAX; ++kind) {
    float out[2][3];
    run(kind, b, 4, &out[0][0]);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(out[i / 3][i % 3], expected(kind, a[i / 3][i % 3], b[i % 3])) << kind;
    run(kind, &one, 0, &out[0][0]);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(out[i / 3][i % 3], expected(kind, a[i / 3][i % 3], one)) << kind;
  }
}

constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Steps, QuantiseRoundsHalfToEvenAndSaturates) {
  const std::vector<float> a{0.25f, 0.75f, 1.25f, -0.25f, -0.75f, 1000, -1000, 1e30f, -1e30f,
                             kInf,  -kInf, NAN,   63.4f,  3.9f,   0.1f, 0,     2.25f};
  const std::vector<int> steps{0, 2, 2, 0, -2, 2000, -2000, 9999, -9999, 9999, -9999, 0, 127, 8, 0, 0, 4};  // a / 0.5
  sparsec_loop loop{};
  loop.rank = 1;
  loop.shape[0] = int64_t(a.size());
  loop.out[0] = 1;
  loop.a[0] = 4;
  loop.scale = 0.5f;
  std::vector<uint8_t> out(a.size());
  for (int zero : {0, 100, 255}) {
    loop.type_out = SPARSEC_U8;
    loop.zero_point = zero;
    call_step(sparsec_step_quantise, 1, {{out.data(), 0}, {a.data(), 0}, {&loop, 0}});
    for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(out[i], std::min(std::max(steps[i] + zero, 0), 255)) << a[i];
  }
  for (int zero : {0, -128, 127}) {
    loop.type_out = SPARSEC_S8;
    loop.zero_point = zero;
    call_step(sparsec_step_quantise, 1, {{out.data(), 0}, {a.data(), 0}, {&loop, 0}});
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_EQ(int8_t(out[i]), std::min(std::max(steps[i] + zero, -128), 127)) << a[i];
  }
}

TEST(Steps, DequantiseScalesTheDistanceFromTheZeroPoint) {
  sparsec_loop loop{};
  loop.rank = 1;
  loop.out[0] = 4;
  loop.scale = 0.1f;
  loop.zero_point = 3;
  float out[3];
  const uint8_t u[] = {0, 3, 255};
  const int8_t s[] = {-128, 3, 127};
  const int32_t w[] = {-100000, 3, 2000000};
  loop.shape[0] = 3;
  const auto run = [&](uint32_t type, const void* a, int64_t bytes) {
    loop.type_a = type;
    loop.a[0] = bytes;
    call_step(sparsec_step_dequantise, 1, {{out, 0}, {a, 0}, {&loop, 0}});
  };
  run(SPARSEC_U8, u, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(out[i], 0.1f * float(u[i] - 3));
  run(SPARSEC_S8, s, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(out[i], 0.1f * float(s[i] - 3));
  run(SPARSEC_S32, w, 4);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(out[i], 0.1f * float(w[i] - 3));
}

TEST(Steps, CastConvertsAsCAndSaturatesFloats) {
  sparsec_loop loop{};
  loop.rank = 1;
  const auto run = [&](uint32_t from, int64_t from_bytes, uint32_t to, int64_t to_bytes, const void* a, void* out,
                       int64_t n) {
    loop.shape[0] = n;
    loop.type_a = from;
    loop.type_out = to;
    loop.a[0] = from_bytes;
    loop.out[0] = to_bytes;
    call_step(sparsec_step_cast, 1, {{out, 0}, {a, 0}, {&loop, 0}});
  };
  const float f[] = {1.9f, -1.9f, 300, -300, NAN, 3e9f, -3e9f, 1e20f};
  uint8_t u8[8];
  int8_t s8[8];
  int32_t s32[8];
  int64_t i64[8];
  run(SPARSEC_F32, 4, SPARSEC_U8, 1, f, u8, 8);
  EXPECT_EQ(std::vector<int>(u8, u8 + 8), (std::vector<int>{1, 0, 255, 0, 0, 255, 0, 255}));
  run(SPARSEC_F32, 4, SPARSEC_S8, 1, f, s8, 8);
  EXPECT_EQ(std::vector<int>(s8, s8 + 8), (std::vector<int>{1, -1, 127, -128, 0, 127, -128, 127}));
  run(SPARSEC_F32, 4, SPARSEC_S32, 4, f, s32, 8);
  EXPECT_EQ(std::vector<int>(s32, s32 + 8), (std::vector<int>{1, -1, 300, -300, 0, INT32_MAX, INT32_MIN, INT32_MAX}));
  run(SPARSEC_F32, 4, SPARSEC_I64, 8, f, i64, 8);
  EXPECT_EQ(i64[5], 3000000000);
  EXPECT_EQ(i64[7], INT64_MAX);
  float back[2];
  run(SPARSEC_I64, 8, SPARSEC_F32, 4, i64, back, 2);
  EXPECT_EQ(back[1], -1);
  run(SPARSEC_S32, 4, SPARSEC_U8, 1, s32, u8, 3);
  EXPECT_EQ(u8[2], 300 & 255);
  run(SPARSEC_U8, 1, SPARSEC_S8, 1, u8, s8, 3);
  EXPECT_EQ(s8[0], 1);
  run(SPARSEC_S8, 1, SPARSEC_I64, 8, s8, i64, 2);
  EXPECT_EQ(i64[1], -1);
}

TEST(Steps, SoftmaxSumsToOneAlongItsDimension) {
  // [2 tiles][4 along][3]: softmax along the middle.
  float a[2][4][3], out[2][4][3];
  for (int i = 0; i < 24; ++i) (&a[0][0][0])[i] = float(i * 5 % 7) - 3 + (i > 12 ? 80 : 0);
  sparsec_softmax d{};
  d.loop.rank = 1;
  d.loop.shape[0] = 3;
  d.loop.out[0] = d.loop.a[0] = 4;
  d.length = 4;
  d.stride = 12;
  call_step(sparsec_step_softmax, 2, {{out, 48}, {a, 48}, {&d, 0}});
  for (int t = 0; t < 2; ++t) {
    for (int x = 0; x < 3; ++x) {
      double sum = 0;
      for (int i = 0; i < 4; ++i) sum += std::exp(double(a[t][i][x]));
      for (int i = 0; i < 4; ++i) EXPECT_NEAR(out[t][i][x], std::exp(double(a[t][i][x])) / sum, 1e-6);
    }
  }
}

}  // namespace
