// The borders of a graph: dynamic dimensions against the options, and outputs that are also something else.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

OnnxWriter relu(const OnnxDims& dims) {
  OnnxWriter m(13);
  m.input("images", DType::f32, dims).output("y").node("Relu", {"images"}, {"y"});
  return m;
}

const OnnxDims kDynamic{"n", int64_t{3}, "h", "w"};

TEST(Inputs, DynamicPictures) {
  const auto shape = [](const OnnxDims& dims, const ImportOptions& options) {
    const Graph g = import_model(relu(dims), options);
    return g.value(g.inputs[0]).shape;
  };
  EXPECT_EQ(shape(kDynamic, {}), (Shape{1, 3, 640, 640}));
  EXPECT_EQ(shape(kDynamic, {4, {{64, 96}}, ""}), (Shape{4, 3, 64, 96}));
  EXPECT_EQ(shape({1, 3, "h", 96}, {{}, {{64, 96}}, ""}), (Shape{1, 3, 64, 96}));
  EXPECT_EQ(shape({"n", 10}, {5, {}, ""}), (Shape{5, 10}));
  EXPECT_EQ(shape({}, {}), Shape());
}

TEST(Outputs, DeclaredShapesThatAreOthersAreTold) {
  const auto warnings = [](const OnnxDims& declared) {
    std::vector<std::string> lines;
    ImportOptions options;
    options.on_warning = [&](const std::string& line) { lines.push_back(line); };
    OnnxWriter m(13);
    m.input("x", DType::f32, {1, 3, 8, 8}).output("y", DType::f32, declared).node("Relu", {"x"}, {"y"});
    import_model(m, options);
    return lines;
  };
  EXPECT_TRUE(warnings({1, 3, 8, 8}).empty());
  EXPECT_TRUE(warnings({"n", 3, "h", 8}).empty());
  ASSERT_EQ(warnings({1, 3, "h", 9}).size(), 1U);
  expect_contains(warnings({1, 3, "h", 9})[0], "output 'y' is declared as 1x3x?x9 and is 1x3x8x8");
  EXPECT_EQ(warnings({3, 64}).size(), 1U);
}

// Reports and plans tell layers by their names.
TEST(Nodes, NamesAreUnique) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {4}).output("d");
  for (const char* step : {"xa", "ab", "bc", "cd"}) {
    m.node("Relu", {std::string(1, step[0])}, {std::string(1, step[1])});
    m.name_last_node(step[0] == 'c' ? "same#2" : "same");
  }
  std::vector<std::string> names;
  for (const Node& node : import_model(m).nodes) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"same", "same#3", "same#4", "same#2"}));
}

TEST(Inputs, ContradictionsAreNamed) {
  expect_contains(error_of(relu({1, 3, 64, 96}), {2, {}, ""}),
                  "input 'images': batch 2 was asked for, but the model's is fixed at 1 (its shape is 1x3x64x96)");
  expect_contains(error_of(relu({"n", 3, 64, "w"}), {{}, {{32, 96}}, ""}), "height 32 was asked for");
  expect_contains(error_of(relu({1, 16, "h", "w"})), "open dimension 2");
  expect_contains(error_of(relu({1, 16, 8, 8}), {{}, {{8, 8}}, ""}), "no input is a picture");
  expect_contains(error_of(relu(kDynamic), {0, {}, ""}), "batch 0 is unsupported");
  expect_contains(error_of(relu({7, 10}), {4, {}, ""}),
                  "batch 4 was asked for, but no input's first dimension is open");
  expect_contains(error_of(relu(kDynamic), {{}, {{-1, 5}}, ""}), "input shape of -1");
  expect_contains(error_of(relu({1, 0, 3})), "dimensions of 1 or more");
  expect_contains(error_of(relu({1LL << 40, 1LL << 40})), "too big");
}

TEST(Outputs, MayBeInputsConstantsOrTwins) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {2}).initialiser("c", f32s({5}));
  m.node("Identity", {"x"}, {"same"}).node("Relu", {"x"}, {"r"}).node("Identity", {"r"}, {"twin"});
  m.node("Identity", {"r"}, {"renamed"}).node("Identity", {"c"}, {"constant"});
  for (const char* name : {"same", "r", "twin", "renamed", "constant", "c"}) m.output(name);
  const Graph g = import_model(m);
  std::vector<std::string> names;
  for (ValueId id : g.outputs) names.push_back(g.value(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"same", "r", "twin", "renamed", "constant", "c"}));
  EXPECT_EQ(g.value(g.inputs[0]).name, "x");
  const auto out = run_model(m, {f32s({-1, 2})});
  EXPECT_EQ(values_of<float>(out[0]), (std::vector<float>{-1, 2}));
  for (size_t i : {1, 2, 3}) EXPECT_EQ(values_of<float>(out[i]), (std::vector<float>{0, 2}));
  for (size_t i : {4, 5}) EXPECT_EQ(values_of<float>(out[i]), (std::vector<float>{5}));
}

TEST(Names, ComeFromTheModel) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1, 4}).output("b").node("Split", {"x"}, {"a", "b"}, {{"axis", int64_t{1}}});
  const Graph g = import_model(m);
  ASSERT_EQ(g.nodes.size(), 2u);
  EXPECT_EQ(g.nodes[0].name, "make_a_0");
  EXPECT_EQ(g.value(g.nodes[0].outputs[0]).name, "a");
  EXPECT_EQ(g.value(g.outputs[0]).name, "b");
}

}  // namespace
}  // namespace sparsec::testing
