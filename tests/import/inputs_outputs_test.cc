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

// Halves the picture twice, rounding up, doubles the coarse map and joins it with the finer one, as YOLOv5's neck does.
void write_neck(OnnxWriter& m) {
  m.input("x", DType::f32, {"batch", int64_t{3}, "rows", "columns"});
  m.initialiser("w", Tensor(DType::f32, {4, 3, 3, 3})).initialiser("v", Tensor(DType::f32, {4, 4, 3, 3}));
  m.initialiser("by", f32s({1, 1, 2, 2}));
  const testing::Ints two{2, 2}, pads{1, 1, 1, 1};
  m.node("Conv", {"x", "w"}, {"fine"}, {{"strides", two}, {"pads", pads}});
  m.node("Conv", {"fine", "v"}, {"coarse"}, {{"strides", two}, {"pads", pads}});
  m.node("Resize", {"coarse", "", "by"}, {"doubled"},
         {{"mode", std::string("nearest")},
          {"coordinate_transformation_mode", std::string("asymmetric")},
          {"nearest_mode", std::string("floor")}});
  m.node("Concat", {"doubled", "fine"}, {"y"}, {{"axis", int64_t{1}}}).output("y");
}

TEST(Inputs, SizesThatTheModelCannotTakeNameThoseThatItTakes) {
  const auto error = [](int64_t rows, int64_t columns) {
    OnnxWriter m(13);
    write_neck(m);
    return error_of(m, {.batch = {}, .input_shape = {{rows, columns}}, .class_names_file = ""});
  };
  expect_contains(error(9, 16),
                  ": --input-shape 9 16: the model does not take pictures of this size; "
                  "of the multiples of its greatest stride, 4, next to it, it takes 8 16 and 12 16");
  expect_contains(error(10, 17), "it takes 8 16 and 12 20");
  expect_contains(error(1, 1), "it takes 4 4");
  for (const int64_t rows : {7, 8, 11, 12}) {  // 7 and 11 round to the same maps as 8 and 12
    OnnxWriter m(13);
    write_neck(m);
    const Graph graph = import_model(m, {.batch = {}, .input_shape = {{rows, 16}}, .class_names_file = ""});
    EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{1, 8, (rows + 1) / 2, 8}));
  }
  // where no size helps, the size is not what is wrong
  OnnxWriter other(13);
  write_neck(other);
  other.node("NoSuchOperator", {"y"}, {"z"}).output("z");
  const std::string message = error_of(other, {.batch = {}, .input_shape = {{9, 16}}, .class_names_file = ""});
  expect_contains(message, "Concat");
  EXPECT_EQ(message.find("--input-shape"), std::string::npos) << message;
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

// What a model of one picture does with it, it does with each of several.
TEST(Inputs, ABatchOfOneIsRepeated) {
  const Graph graph = import_model(relu({1, 3, 64, 96}), {5, {}, ""});
  EXPECT_EQ(graph.meta.batch, 5);
  EXPECT_EQ(graph.value(graph.inputs[0]).shape, (Shape{1, 3, 64, 96}));
  EXPECT_EQ(import_model(relu({1, 10}), {5, {}, ""}).meta.batch, 5);
  EXPECT_EQ(import_model(relu({1, 3, 64, 96}), {1, {}, ""}).meta.batch, 1);
  EXPECT_EQ(import_model(relu(kDynamic), {5, {}, ""}).meta.batch, 1);  // split_batch's, where pictures stay apart
  OnnxWriter m(13);
  m.input("images", DType::f32, {1, 3, 8, 8}).initialiser("to", i64s({3, 64})).output("y");
  m.node("Reshape", {"images", "to"}, {"y"});
  expect_contains(error_of(m, {2, {}, ""}),
                  "batch 2 was asked for, and output 'y' of the model, which is made for one picture, has shape 3x64: "
                  "no dimension for pictures; run it picture by picture");
}

TEST(Inputs, ContradictionsAreNamed) {
  expect_contains(error_of(relu({3, 3, 64, 96}), {2, {}, ""}),
                  "input 'images': batch 2 was asked for, but the model's is fixed at 3 (its shape is 3x3x64x96); "
                  "supported: 3, or any number where every input's is 1 or open");
  expect_contains(error_of(relu({1, 3, 8, 8}), {int64_t{1} << 40, {}, ""}), "is unsupported; supported: 1 to ");
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
