// Operators that move elements, in the attribute and the input form.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

// One operator on `x`; integer arguments are initialisers a0, a1...
Tensor apply(int64_t opset, const std::string& op, const Tensor& x, const std::vector<std::vector<int64_t>>& arguments,
             const OnnxAttributes& attributes = {}) {
  OnnxWriter m(opset);
  m.input("x", DType::f32, OnnxDims(x.shape.begin(), x.shape.end())).output("y");
  std::vector<std::string> inputs{"x"};
  for (size_t i = 0; i < arguments.size(); ++i) {
    inputs.push_back("a" + std::to_string(i));
    m.initialiser(inputs.back(), i64s(arguments[i]));
  }
  m.node(op, inputs, {"y"}, attributes);
  return run_model(m, {x})[0];
}

TEST(Layout, Reshape) {
  EXPECT_EQ(apply(13, "Reshape", counting({2, 3, 4}), {{0, -1}}).shape, (Shape{2, 12}));
  EXPECT_EQ(apply(14, "Reshape", counting({2, 3, 4}), {{4, 0, -1}}, {{"allowzero", int64_t{0}}}).shape,
            (Shape{4, 3, 2}));
  EXPECT_EQ(apply(11, "Flatten", counting({2, 3, 4}), {}, {{"axis", int64_t{2}}}).shape, (Shape{6, 4}));
  EXPECT_EQ(apply(11, "Flatten", counting({2, 3, 4}), {}, {{"axis", int64_t{-2}}}).shape, (Shape{2, 12}));
}

TEST(Layout, SqueezeAndUnsqueeze) {
  EXPECT_EQ(apply(11, "Squeeze", counting({1, 3, 1}), {}, {{"axes", Ints{-1}}}).shape, (Shape{1, 3}));
  EXPECT_EQ(apply(13, "Squeeze", counting({1, 3, 1}), {{0}}).shape, (Shape{3, 1}));
  EXPECT_EQ(apply(13, "Squeeze", counting({1, 3, 1}), {}).shape, (Shape{3}));
  EXPECT_EQ(apply(11, "Unsqueeze", counting({3, 4}), {}, {{"axes", Ints{0, 3}}}).shape, (Shape{1, 3, 4, 1}));
  EXPECT_EQ(apply(13, "Unsqueeze", counting({3, 4}), {{-1}}).shape, (Shape{3, 4, 1}));
}

TEST(Layout, Transpose) {
  const Tensor y = apply(13, "Transpose", counting({2, 3}), {});
  EXPECT_EQ(y.shape, (Shape{3, 2}));
  EXPECT_EQ(values_of<float>(y), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(apply(13, "Transpose", counting({2, 3, 4}), {}, {{"perm", Ints{1, 2, 0}}}).shape, (Shape{3, 4, 2}));
}

TEST(Layout, Slice) {
  const Tensor x = counting({2, 5});
  EXPECT_EQ(values_of<float>(apply(13, "Slice", x, {{1}, {5}, {1}, {2}})), (std::vector<float>{1, 3, 6, 8}));
  EXPECT_EQ(values_of<float>(apply(11, "Slice", x, {{-2}, {INT64_MAX}, {-1}})), (std::vector<float>{3, 4, 8, 9}));
  EXPECT_EQ(values_of<float>(apply(13, "Slice", x, {{-1}, {INT64_MIN}, {1}, {-3}})), (std::vector<float>{4, 1, 9, 6}));
  EXPECT_EQ(values_of<float>(apply(13, "Slice", x, {{1, 0}, {2, 2}})), (std::vector<float>{5, 6}));
  EXPECT_EQ(values_of<float>(apply(9, "Slice", x, {}, {{"starts", Ints{1}}, {"ends", Ints{9}}})),
            (std::vector<float>{5, 6, 7, 8, 9}));
}

std::vector<Shape> split(int64_t opset, const OnnxAttributes& attributes, const std::optional<Ints>& sizes,
                         size_t outputs) {
  OnnxWriter m(opset);
  m.input("x", DType::f32, {7, 2});
  std::vector<std::string> inputs{"x"}, names;
  if (sizes) {
    m.initialiser("sizes", i64s(*sizes));
    inputs.push_back("sizes");
  }
  for (size_t i = 0; i < outputs; ++i) {
    names.push_back("y" + std::to_string(i));
    m.output(names.back());
  }
  m.node("Split", inputs, names, attributes);
  std::vector<Shape> shapes;
  float next = 0;
  for (const Tensor& t : run_model(m, {counting({7, 2})})) {
    shapes.push_back(t.shape);
    for (float v : t.data<float>()) EXPECT_EQ(v, next++);
  }
  return shapes;
}

TEST(Layout, Split) {
  EXPECT_EQ(split(11, {{"split", Ints{3, 4}}}, std::nullopt, 2), (std::vector<Shape>{{3, 2}, {4, 2}}));
  EXPECT_EQ(split(13, {}, Ints{1, 6}, 2), (std::vector<Shape>{{1, 2}, {6, 2}}));
  EXPECT_EQ(split(18, {{"num_outputs", int64_t{3}}}, std::nullopt, 3), (std::vector<Shape>{{3, 2}, {3, 2}, {1, 2}}));
}

TEST(Layout, Concat) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {2, 1}).initialiser("w", Tensor::of<float>({2, 2}, {7, 8, 9, 10})).output("y");
  m.node("Concat", {"x", "w"}, {"y"}, {{"axis", int64_t{-1}}});
  EXPECT_EQ(values_of<float>(run_model(m, {counting({2, 1})})[0]), (std::vector<float>{0, 7, 8, 1, 9, 10}));
}

TEST(Layout, GatherOfARunningTensorIsSlices) {
  EXPECT_EQ(values_of<float>(apply(13, "Gather", counting({6}), {{4, 2, 0}})), (std::vector<float>{4, 2, 0}));
  EXPECT_EQ(values_of<float>(apply(13, "Gather", counting({6}), {{5, 5, -6, 1, 3}})),
            (std::vector<float>{5, 5, 0, 1, 3}));
  OnnxWriter m(13);
  m.input("x", DType::f32, {2, 3}).initialiser("i", Tensor::of<int64_t>({}, {1})).output("y");
  m.node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{1}}});
  const Tensor y = run_model(m, {counting({2, 3})})[0];
  EXPECT_EQ(y.shape, (Shape{2}));
  EXPECT_EQ(values_of<float>(y), (std::vector<float>{1, 4}));
}

TEST(Layout, Pad) {
  const Tensor x = Tensor::of<float>({1, 2}, {5, 6});
  EXPECT_EQ(values_of<float>(apply(11, "Pad", x, {{0, 1, 0, 2}})), (std::vector<float>{0, 5, 6, 0, 0}));
  EXPECT_EQ(values_of<float>(apply(11, "Pad", x, {{0, -1, 1, 1}})), (std::vector<float>{6, 0, 0, 0}));
  EXPECT_EQ(values_of<float>(apply(9, "Pad", x, {}, {{"pads", Ints{0, 0, 0, 1}}, {"value", 3.0f}})),
            (std::vector<float>{5, 6, 3}));
  OnnxWriter m(18);
  m.input("x", DType::f32, {1, 2})
      .initialiser("pads", i64s({1, 0}))
      .initialiser("v", f32(9))
      .initialiser("axes", i64s({-1}));
  m.node("Pad", {"x", "pads", "v", "axes"}, {"y"}).output("y");
  EXPECT_EQ(values_of<float>(run_model(m, {x})[0]), (std::vector<float>{9, 5, 6}));
}

std::vector<int64_t> resized(const OnnxAttributes& attributes, const std::vector<float>& scales, const Ints& sizes,
                             int64_t columns, int64_t opset = 13) {
  OnnxWriter m(opset);
  m.input("x", DType::f32, {1, 1, 1, columns}).initialiser("none", f32s({})).output("y");
  std::vector<std::string> inputs{"x", "none", "none"};
  if (!scales.empty()) {
    m.initialiser("scales", f32s(scales));
    inputs[2] = "scales";
  } else {
    m.initialiser("sizes", i64s(sizes));
    inputs.push_back("sizes");
  }
  m.node("Resize", inputs, {"y"}, attributes);
  std::vector<int64_t> picked;
  for (float v : values_of<float>(run_model(m, {counting({1, 1, 1, columns})})[0])) picked.push_back(int64_t(v));
  return picked;
}

// Expected values follow from ONNX's formulas by hand.
TEST(Layout, ResizePicksTheNeighbourThatTheModesSay) {
  const std::string place = "coordinate_transformation_mode", nearest = "nearest_mode";
  EXPECT_EQ(resized({{place, "asymmetric"}, {nearest, "floor"}}, {1, 1, 1, 2}, {}, 3), (Ints{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(resized({{place, "asymmetric"}, {nearest, "ceil"}}, {1, 1, 1, 2}, {}, 3), (Ints{0, 1, 1, 2, 2, 2}));
  EXPECT_EQ(resized({{place, "asymmetric"}, {nearest, "round_prefer_floor"}}, {1, 1, 1, 2}, {}, 3),
            (Ints{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(resized({{place, "asymmetric"}, {nearest, "round_prefer_ceil"}}, {1, 1, 1, 2}, {}, 3),
            (Ints{0, 1, 1, 2, 2, 2}));
  EXPECT_EQ(resized({}, {1, 1, 1, 2}, {}, 3), (Ints{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(resized({}, {1, 1, 1, 0.5f}, {}, 4), (Ints{0, 2}));  // half_pixel, 0.5 and 2.5, prefers the floor
  EXPECT_EQ(resized({{place, "align_corners"}, {nearest, "floor"}}, {}, {1, 1, 1, 5}, 3), (Ints{0, 0, 1, 1, 2}));
  EXPECT_EQ(resized({{place, "pytorch_half_pixel"}}, {}, {1, 1, 1, 1}, 4), (Ints{0}));
  EXPECT_EQ(resized({{place, "tf_half_pixel_for_nn"}, {nearest, "floor"}}, {1, 1, 1, 2}, {}, 2), (Ints{0, 0, 1, 1}));
  EXPECT_EQ(resized({{place, "half_pixel_symmetric"}}, {1, 1, 1, 0.7f}, {}, 4, 19), (Ints{1, 2}));
  EXPECT_EQ(resized({{"axes", Ints{3}}}, {2}, {}, 2, 18), (Ints{0, 0, 1, 1}));
  EXPECT_EQ(resized({{"axes", Ints{2, 3}}, {"keep_aspect_ratio_policy", "not_larger"}}, {}, {2, 9}, 2, 18),
            (Ints{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST(Layout, ResizeOfChannelsAndLinearAreRejected) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1, 2, 2, 2}).initialiser("s", f32s({1, 2, 1, 1})).output("y");
  m.node("Resize", {"x", "", "s"}, {"y"});
  expect_contains(error_of(m), "supported: rows and columns");
  OnnxWriter linear(13);
  linear.input("x", DType::f32, {1, 2, 2, 2}).initialiser("s", f32s({1, 1, 2, 2})).output("y");
  linear.node("Resize", {"x", "", "s"}, {"y"}, {{"mode", "linear"}});
  expect_contains(error_of(linear), "mode=linear is unsupported; supported: nearest");
}

}  // namespace
}  // namespace sparsec::testing
