// Element-wise operators: what they compute, in every form that the opsets have.
#include <cmath>

#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

std::vector<float> unary(const std::string& op, int64_t opset, const std::vector<float>& x,
                         const OnnxAttributes& a = {}) {
  OnnxWriter m(opset);
  m.input("x", DType::f32, {int64_t(x.size())}).output("y").node(op, {"x"}, {"y"}, a);
  return values_of<float>(run_model(m, {f32s(x)})[0]);
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5f * (1 + std::abs(want[i]))) << i;
}

TEST(Elementwise, Unary) {
  const std::vector<float> x{-4, -0.5f, 0, 0.25f, 3};
  const auto each = [&](auto f) {
    std::vector<float> y;
    for (float v : x) y.push_back(float(f(v)));
    return y;
  };
  expect_near(unary("Sigmoid", 13, x), each([](double v) { return 1 / (1 + std::exp(-v)); }));
  expect_near(unary("Relu", 14, x), each([](double v) { return std::max(v, 0.0); }));
  expect_near(unary("LeakyRelu", 11, x, {{"alpha", 0.1f}}), each([](double v) { return v < 0 ? 0.1 * v : v; }));
  expect_near(unary("LeakyRelu", 11, x), each([](double v) { return v < 0 ? 0.01 * v : v; }));
  expect_near(unary("HardSwish", 14, x), each([](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); }));
  expect_near(unary("HardSigmoid", 11, x, {{"alpha", 0.5f}, {"beta", 0.25f}}),
              each([](double v) { return std::clamp(0.5 * v + 0.25, 0.0, 1.0); }));
  expect_near(unary("HardSigmoid", 11, x), each([](double v) { return std::clamp(0.2 * v + 0.5, 0.0, 1.0); }));
  expect_near(unary("Tanh", 13, x), each([](double v) { return std::tanh(v); }));
  expect_near(unary("Exp", 13, x), each([](double v) { return std::exp(v); }));
  expect_near(unary("Neg", 13, x), each([](double v) { return -v; }));
  expect_near(unary("Abs", 13, x), each([](double v) { return std::abs(v); }));
  expect_near(unary("Sqrt", 13, {0, 4, 2.25f}), {0, 2, 1.5f});
  expect_near(unary("Identity", 16, x), x);
  expect_near(unary("Dropout", 13, x), x);
}

TEST(Elementwise, ClipTakesBoundsAsAttributesOrInputs) {
  const std::vector<float> x{-4, 0, 9};
  expect_near(unary("Clip", 7, x, {{"min", -1.0f}, {"max", 6.0f}}), {-1, 0, 6});
  OnnxWriter m(13);
  m.input("x", DType::f32, {3}).initialiser("low", f32(-1)).initialiser("high", f32(6));
  m.output("y").output("upper").output("open");
  m.node("Clip", {"x", "low", "high"}, {"y"}).node("Clip", {"x", "", "high"}, {"upper"}).node("Clip", {"x"}, {"open"});
  const auto out = run_model(m, {f32s(x)});
  expect_near(values_of<float>(out[0]), {-1, 0, 6});
  expect_near(values_of<float>(out[1]), {-4, 0, 6});
  expect_near(values_of<float>(out[2]), x);
}

TEST(Elementwise, BinaryBroadcasts) {
  OnnxWriter m(14);
  m.input("a", DType::f32, {2, 2}).initialiser("b", f32s({2, 4}));
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow"}) m.node(op, {"a", "b"}, {op}).output(op);
  m.node("Min", {"a", "b", "a"}, {"Min"}).node("Max", {"a", "b"}, {"Max"}).output("Min").output("Max");
  const auto out = run_model(m, {Tensor::of<float>({2, 2}, {1, 2, 3, 8})});
  EXPECT_EQ(values_of<float>(out[0]), (std::vector<float>{3, 6, 5, 12}));
  EXPECT_EQ(values_of<float>(out[1]), (std::vector<float>{-1, -2, 1, 4}));
  EXPECT_EQ(values_of<float>(out[2]), (std::vector<float>{2, 8, 6, 32}));
  EXPECT_EQ(values_of<float>(out[3]), (std::vector<float>{0.5f, 0.5f, 1.5f, 2}));
  EXPECT_EQ(values_of<float>(out[4]), (std::vector<float>{1, 16, 9, 4096}));
  EXPECT_EQ(values_of<float>(out[5]), (std::vector<float>{1, 2, 2, 4}));
  EXPECT_EQ(values_of<float>(out[6]), (std::vector<float>{2, 4, 3, 8}));
}

TEST(Elementwise, PowTakesAnIntegerExponent) {
  OnnxWriter m(13);
  m.input("a", DType::f32, {2}).initialiser("b", i64s({2})).node("Pow", {"a", "b"}, {"y"}).output("y");
  EXPECT_EQ(values_of<float>(run_model(m, {f32s({3, 4})})[0]), (std::vector<float>{9, 16}));
}

TEST(Elementwise, SoftmaxBeforeAndFromOpset13) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {0, 0, 0, std::log(3.0f)});
  OnnxWriter old(11), recent(13);
  for (OnnxWriter* m : {&old, &recent}) {
    m->input("x", DType::f32, {1, 2, 2}).output("y").node("Softmax", {"x"}, {"y"}, {{"axis", int64_t{1}}});
  }
  expect_near(values_of<float>(run_model(old, {x})[0]), {1 / 6.f, 1 / 6.f, 1 / 6.f, 0.5f});  // over all that follows
  expect_near(values_of<float>(run_model(recent, {x})[0]), {0.5f, 0.25f, 0.5f, 0.75f});
}

TEST(Elementwise, CastOfAPicture) {
  OnnxWriter m(13);
  m.input("x", DType::u8, {3}).node("Cast", {"x"}, {"y"}, {{"to", int64_t{1}}}).output("y");
  EXPECT_EQ(values_of<float>(run_model(m, {Tensor::of<uint8_t>({3}, {0, 7, 255})})[0]),
            (std::vector<float>{0, 7, 255}));
}

TEST(Elementwise, HardSwishNeedsItsOpset) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {3}).node("HardSwish", {"x"}, {"y"}).output("y");
  expect_contains(error_of(m), "node make_y (HardSwish): this operator needs opset 14; the model says opset 13");
}

}  // namespace
}  // namespace sparsec::testing
