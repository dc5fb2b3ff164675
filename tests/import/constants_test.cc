// Shape arithmetic: whatever exporters compute from shapes is a constant after import, and no node is left of it.
#include <cmath>

#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

// The grid that YOLOv5's dynamic export computes: cells of a ny x nx map as [1, ny, nx, 2].
TEST(Constants, DynamicGrid) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {"batch", int64_t{3}, "height", "width"}).output("y");
  m.initialiser("two", Tensor::of<int64_t>({}, {2})).initialiser("three", Tensor::of<int64_t>({}, {3}));
  m.initialiser("zero", Tensor::of<int64_t>({}, {0})).initialiser("one", Tensor::of<int64_t>({}, {1}));
  m.initialiser("a0", i64s({0}))
      .initialiser("a1", i64s({1}))
      .initialiser("last", i64s({-1}))
      .initialiser("lead", i64s({1}));
  m.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "two"}, {"ny"}).node("Gather", {"s", "three"}, {"nx"});
  m.node("Range", {"zero", "ny", "one"}, {"ry"}).node("Range", {"zero", "nx", "one"}, {"rx"});
  m.node("Unsqueeze", {"ny", "a0"}, {"ny1"}).node("Unsqueeze", {"nx", "a0"}, {"nx1"});
  m.node("Concat", {"ny1", "nx1"}, {"map"}, {{"axis", int64_t{0}}});
  m.node("Unsqueeze", {"ry", "a1"}, {"column"})
      .node("Expand", {"column", "map"}, {"gy"})
      .node("Expand", {"rx", "map"}, {"gx"});
  m.node("Unsqueeze", {"gx", "last"}, {"gx1"}).node("Unsqueeze", {"gy", "last"}, {"gy1"});
  m.node("Concat", {"gx1", "gy1"}, {"grid"}, {{"axis", int64_t{2}}});
  m.node("Cast", {"grid"}, {"y"}, {{"to", int64_t{1}}});
  const Graph g = import_model(m, {{}, std::array<int64_t, 2>{2, 3}, ""});
  EXPECT_TRUE(g.nodes.empty());
  EXPECT_EQ(g.value(g.outputs[0]).shape, (Shape{2, 3, 2}));
  EXPECT_EQ(values_of<float>(*g.value(g.outputs[0]).constant),
            (std::vector<float>{0, 0, 1, 0, 2, 0, 0, 1, 1, 1, 2, 1}));
}

// Every output of a graph without inputs.
std::map<std::string, Tensor> folded(const OnnxWriter& m) {
  const Graph g = import_model(m);
  EXPECT_TRUE(g.nodes.empty());
  std::map<std::string, Tensor> values;
  for (ValueId id : g.outputs) values[g.value(id).name] = *g.value(id).constant;
  return values;
}

TEST(Constants, Forms) {
  OnnxWriter m(13);
  m.node("Constant", {}, {"t"}, {{"value", Tensor::of<int64_t>({1, 2}, {3, 4})}}).output("t");
  m.node("Constant", {}, {"i"}, {{"value_int", int64_t{5}}}).output("i");
  m.node("Constant", {}, {"f"}, {{"value_float", 1.5f}}).output("f");
  m.node("Constant", {}, {"is"}, {{"value_ints", Ints{6, 7}}}).output("is");
  m.node("Constant", {}, {"fs"}, {{"value_floats", Floats{0.5f}}}).output("fs");
  m.node("ConstantOfShape", {"is"}, {"z"}).output("z");
  m.node("ConstantOfShape", {"is"}, {"ones"}, {{"value", i64s({1})}}).output("ones");
  auto v = folded(m);
  EXPECT_EQ(v["t"].shape, (Shape{1, 2}));
  EXPECT_EQ(v["i"].as_ints(), (Ints{5}));
  EXPECT_EQ(v["f"].shape, Shape());
  EXPECT_EQ(v["is"].as_ints(), (Ints{6, 7}));
  EXPECT_EQ(v["fs"].as_doubles(), (std::vector<double>{0.5}));
  EXPECT_EQ(v["z"].as_doubles(), std::vector<double>(42, 0.0));
  EXPECT_EQ(v["ones"].as_ints(), Ints(42, 1));
}

TEST(Constants, Arithmetic) {
  OnnxWriter m(13);
  m.initialiser("a", i64s({7, -7, INT64_MIN}))
      .initialiser("b", i64s({2, 2, -1}))
      .initialiser("x", f32s({1.5f, -1.5f, 2.5f}));
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Equal", "Less", "GreaterOrEqual"}) {
    m.node(op, {"a", "b"}, {op}).output(op);
  }
  for (const char* op : {"Floor", "Ceil", "Round"}) m.node(op, {"x"}, {op}).output(op);
  m.node("Where", {"Less", "a", "b"}, {"where"}).output("where");
  m.node("Not", {"Less"}, {"not"}).output("not");
  m.node("And", {"Less", "not"}, {"and"}).output("and").node("Or", {"Less", "not"}, {"or"}).output("or");
  m.node("Cast", {"x"}, {"cast"}, {{"to", int64_t{7}}}).output("cast");
  auto v = folded(m);
  EXPECT_EQ(v["Add"].as_ints(), (Ints{9, -5, INT64_MAX}));
  EXPECT_EQ(v["Sub"].as_ints(), (Ints{5, -9, INT64_MIN + 1}));
  EXPECT_EQ(v["Mul"].as_ints(), (Ints{14, -14, INT64_MIN}));
  EXPECT_EQ(v["Div"].as_ints(), (Ints{3, -3, INT64_MIN}));
  EXPECT_EQ(v["Mod"].as_ints(), (Ints{1, 1, 0}));
  EXPECT_EQ(v["Min"].as_ints(), (Ints{2, -7, INT64_MIN}));
  EXPECT_EQ(v["Max"].as_ints(), (Ints{7, 2, -1}));
  EXPECT_EQ(v["Equal"].as_ints(), (Ints{0, 0, 0}));
  EXPECT_EQ(v["Less"].as_ints(), (Ints{0, 1, 1}));
  EXPECT_EQ(v["GreaterOrEqual"].as_ints(), (Ints{1, 0, 0}));
  EXPECT_EQ(v["Floor"].as_doubles(), (std::vector<double>{1, -2, 2}));
  EXPECT_EQ(v["Ceil"].as_doubles(), (std::vector<double>{2, -1, 3}));
  EXPECT_EQ(v["Round"].as_doubles(), (std::vector<double>{2, -2, 2}));
  EXPECT_EQ(v["where"].as_ints(), (Ints{2, -7, INT64_MIN}));
  EXPECT_EQ(v["and"].as_ints(), (Ints{0, 0, 0}));
  EXPECT_EQ(v["or"].as_ints(), (Ints{1, 1, 1}));
  EXPECT_EQ(v["cast"].as_ints(), (Ints{1, -1, 2}));
}

TEST(Constants, ShapesAndReductions) {
  OnnxWriter m(15);
  m.input("x", DType::f32, {2, 3, 4}).initialiser("a", Tensor::of<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}));
  m.initialiser("i", Tensor::of<int64_t>({2, 1}, {-1, 0}))
      .initialiser("r", i64s({1, 2}))
      .initialiser("axis", i64s({1}));
  m.node("Shape", {"x"}, {"tail"}, {{"start", int64_t{-2}}})
      .output("tail")
      .node("Size", {"x"}, {"size"})
      .output("size");
  m.node("Gather", {"a", "i"}, {"g"}, {{"axis", int64_t{1}}}).output("g").node("Tile", {"a", "r"}, {"t"}).output("t");
  m.node("ReduceProd", {"a"}, {"prod"}, {{"keepdims", int64_t{0}}}).output("prod");
  m.node("ReduceSum", {"a", "axis"}, {"sum"}).output("sum");
  m.node("ReduceMax", {"a"}, {"max"}, {{"axes", Ints{0}}, {"keepdims", int64_t{0}}}).output("max");
  m.node("ReduceMin", {"a"}, {"min"}).output("min").node("ReduceMean", {"a"}, {"mean"}).output("mean");
  const Graph g = import_model(m);
  EXPECT_TRUE(g.nodes.empty());
  std::map<std::string, Tensor> v;
  for (ValueId id : g.outputs) v[g.value(id).name] = *g.value(id).constant;
  EXPECT_EQ(v["tail"].as_ints(), (Ints{3, 4}));
  EXPECT_EQ(v["size"].as_ints(), (Ints{24}));
  EXPECT_EQ(v["g"].shape, (Shape{2, 2, 1}));
  EXPECT_EQ(v["g"].as_ints(), (Ints{3, 1, 6, 4}));
  EXPECT_EQ(v["t"].as_ints(), (Ints{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
  EXPECT_EQ(v["prod"].as_ints(), (Ints{720}));
  EXPECT_EQ(v["sum"].as_ints(), (Ints{6, 15}));
  EXPECT_EQ(v["max"].as_ints(), (Ints{4, 5, 6}));
  EXPECT_EQ(v["min"].shape, (Shape{1, 1}));
  EXPECT_EQ(v["mean"].as_ints(), (Ints{3}));
}

TEST(Constants, MustBeConstantAndSmall) {
  OnnxWriter running(13);
  running.input("x", DType::f32, {3}).node("Floor", {"x"}, {"y"}).output("y");
  expect_contains(error_of(running),
                  "node make_y (Floor): input 0 ('x') is computed at run time; supported: a constant");
  OnnxWriter huge(13);
  huge.initialiser("s", i64s({1 << 20, 1 << 20, 1 << 20})).node("ConstantOfShape", {"s"}, {"y"}).output("y");
  expect_contains(error_of(huge), "is too big to compute here");
  OnnxWriter doubling(13);
  doubling.initialiser("v0", f32s({1, 2}));
  for (int i = 0; i < 60; ++i) {
    const std::string from = "v" + std::to_string(i), to = "v" + std::to_string(i + 1);
    doubling.node("Concat", {from, from}, {to}, {{"axis", int64_t{0}}});
  }
  expect_contains(error_of(doubling.output("v60")), "is too big to compute here");
  OnnxWriter zero(13);
  zero.initialiser("a", i64s({1})).initialiser("b", i64s({0})).node("Div", {"a", "b"}, {"y"}).output("y");
  expect_contains(error_of(zero), "by zero");
}

TEST(Constants, MinAndMaxGiveNaNForEitherOperandAsAtRunTime) {
  OnnxWriter m(13);
  m.initialiser("a", f32s({std::nanf(""), 1, 3})).initialiser("b", f32s({1, std::nanf(""), 2}));
  for (const char* op : {"Min", "Max"}) m.node(op, {"a", "b"}, {op}).output(op);
  const auto values = folded(m);
  for (const char* op : {"Min", "Max"}) {
    const auto y = values_of<float>(values.at(op));
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << op;
    EXPECT_EQ(y[2], op == std::string("Min") ? 2 : 3);
  }
}

}  // namespace
}  // namespace sparsec::testing
