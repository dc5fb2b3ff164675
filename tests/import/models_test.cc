// Whole models in every export form, where the shared ones are present: what they become, by counting.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

Graph import_shared(const std::string& name) {
  const auto folder = shared_folder();
  Graph graph = import_onnx((*folder / "models" / name).string(), {{}, {}, ""});
  verify(graph, Stage::imported, "import");
  return graph;
}

#define SKIP_WITHOUT_SHARED() \
  if (!shared_folder()) GTEST_SKIP() << "the shared models are not here"

TEST(Models, Float) {
  SKIP_WITHOUT_SHARED();
  const Graph g = import_shared("yolov5n-dense.onnx");
  EXPECT_EQ(count_nodes<Conv>(g), 60u);
  EXPECT_EQ(count_nodes<MaxPool>(g), 3u);
  EXPECT_EQ(count_nodes<Resize>(g), 2u);
  EXPECT_EQ(count_nodes<Slice>(g), 9u);  // three Splits into three
  EXPECT_EQ(count_nodes<Cast>(g), 0u);
  EXPECT_EQ(g.value(g.inputs.at(0)).shape, (Shape{1, 3, 640, 640}));
  EXPECT_EQ(g.value(g.outputs.at(0)).shape, (Shape{1, 25200, 85}));
  EXPECT_EQ(g.value(g.outputs.at(0)).name, "output0");
  ASSERT_EQ(g.meta.class_names.size(), 80u);
  EXPECT_EQ(g.meta.class_names[5], "bus");
}

TEST(Models, QuantisedForms) {
  SKIP_WITHOUT_SHARED();
  const Graph in = import_shared("yolov5n-dense_quant-in.onnx");
  EXPECT_EQ(count_nodes<Conv>(in), 60u);
  EXPECT_EQ(count_nodes<Quantize>(in), 50u);
  EXPECT_EQ(count_nodes<Dequantize>(in), 170u);
  const Graph qop = import_shared("yolov5n-pruned65_bnfix_quant-qop.onnx");
  EXPECT_EQ(count_nodes<Conv>(qop), 60u);
  EXPECT_EQ(count_nodes<Quantize>(qop), 83u + 60u);
  EXPECT_EQ(count_nodes<Dequantize>(qop), 102u + 3 * 60u);
  const Graph integer = import_shared("yolov5n-dense_quant-convint.onnx");
  EXPECT_EQ(count_nodes<Conv>(integer), 60u);
  EXPECT_EQ(count_nodes<Cast>(integer), 0u);
  EXPECT_EQ(count_nodes<Dequantize>(integer), 9u + 2 * 60u);
  for (const Graph* g : {&in, &qop, &integer}) {
    for (const Value& v : g->values) EXPECT_FALSE(v.type == DType::s8 && !v.constant) << v.name;
  }
}

TEST(Models, EveryTinyFormHasTheSameShapes) {
  SKIP_WITHOUT_SHARED();
  size_t models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*shared_folder() / "models" / "tiny")) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string name = entry.path().stem();
    ImportOptions options;
    if (name == "tiny-dynamic") options.input_shape = {{64, 96}};
    const Graph g = import_onnx(entry.path().string(), options);
    verify(g, Stage::imported, "import");
    const int64_t batch = name == "tiny-batch3" ? 3 : 1;
    EXPECT_EQ(g.value(g.inputs.at(0)).shape, (Shape{batch, 3, 64, 96})) << name;
    EXPECT_EQ(g.value(g.inputs.at(0)).type, name == "tiny-uint8-input" ? DType::u8 : DType::f32) << name;
    EXPECT_EQ(count_nodes<Conv>(g), 60u) << name;
    if (name == "tiny-rawheads") {
      EXPECT_EQ(g.value(g.outputs.at(2)).shape, (Shape{1, 3, 2, 3, 8}));
    } else {
      EXPECT_EQ(g.value(g.outputs.at(0)).shape, (Shape{batch, 378, 8})) << name;
      EXPECT_EQ(g.meta.class_names.size(), 3u) << name;
    }
    ++models;
  }
  EXPECT_GE(models, 10u);
}

TEST(Models, DynamicIsTheFixedOne) {
  SKIP_WITHOUT_SHARED();
  const std::string tiny = (*shared_folder() / "models" / "tiny" / "tiny-").string();
  const Graph fixed = import_onnx(tiny + "dense.onnx", {});
  const Graph dynamic = import_onnx(tiny + "dynamic.onnx", {1, {{64, 96}}, ""});
  ASSERT_EQ(dynamic.nodes.size(), fixed.nodes.size());
  const Graph larger = import_onnx(tiny + "dynamic.onnx", {2, {{128, 64}}, ""});
  EXPECT_EQ(larger.nodes.size(), fixed.nodes.size());
  EXPECT_EQ(larger.value(larger.outputs.at(0)).shape, (Shape{2, 3 * (16 * 8 + 8 * 4 + 4 * 2), 8}));
  const auto output = [](const Graph& g) {
    Tensor x(DType::f32, g.value(g.inputs.at(0)).shape);
    uint32_t seed = 1;
    for (float& v : x.data<float>()) v = float((seed = seed * 1664525 + 1013904223) >> 8) / float(1 << 24);
    return values_of<float>(*oracle::run(g, {share(x)}).at(g.outputs.at(0)));
  };
  const auto a = output(fixed), b = output(dynamic);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4f * (1 + std::abs(a[i]))) << i;
}

}  // namespace
}  // namespace sparsec::testing
