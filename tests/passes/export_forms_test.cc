// The passes in order over every export form of a small YOLOv5, and over the real one: the graph computes the same
// after each, and the head becomes Decode with the strides and anchors of YOLOv5.
#ifdef SPARSEC_HAVE_IMPORT

#include <cstdlib>
#include <filesystem>

#include "compiler/import/import.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/raw_heads.h"
#include "tests/passes/graph_builder.h"

namespace sparsec::passes {
namespace {

namespace fs = std::filesystem;

fs::path models() {
  const char* shared = std::getenv("SPARSEC_SHARED");
  return (shared ? fs::path(shared) : fs::path(SPARSEC_SOURCE_DIR) / ".." / "shared") / "models";
}

std::vector<fs::path> tiny_models() {
  std::vector<fs::path> found;
  if (!fs::exists(models() / "tiny")) return found;
  for (const auto& entry : fs::directory_iterator(models() / "tiny")) {
    if (entry.path().extension() == ".onnx") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

struct Pass {
  const char* name;
  Graph (*run)(Graph);
};
const std::vector<Pass> kPasses{{"fold_constants", fold_constants},   {"remove_dead_code", remove_dead_code},
                                {"split_batch", split_batch},         {"recognise_activations", recognise_activations},
                                {"fold_batchnorm", fold_batchnorm},   {"fuse_padding", fuse_padding},
                                {"recognise_focus", recognise_focus}, {"lower_head", lower_head}};

Graph run_passes(Graph graph) {
  for (const Pass& pass : kPasses) {
    graph = pass.run(std::move(graph));
    verify(graph, Stage::imported, pass.name);
  }
  return graph;
}

// The first of `batch` pictures.
Tensor first_picture(const Tensor& t, int64_t batch) {
  Shape shape = t.shape;
  shape[0] /= batch;
  Tensor one(t.type, shape);
  std::memcpy(one.bytes.data(), t.bytes.data(), one.bytes.size());
  return one;
}

// The share of elements that agree within 1e-4, relative to the element or to 1.
double agreement(const Tensor& a, const Tensor& b) {
  if (a.shape != b.shape) return 0;
  const std::vector<double> x = a.as_doubles(), y = b.as_doubles();
  size_t equal = 0;
  for (size_t i = 0; i < x.size(); ++i) equal += std::fabs(x[i] - y[i]) <= 1e-4 * std::max(1.0, std::fabs(x[i]));
  return double(equal) / double(x.size());
}

void expect_yolo_head(const Graph& graph, int64_t classes) {
  ASSERT_EQ(count<Decode>(graph), 1u);
  const Decode& decode = std::get<Decode>(first<Decode>(graph).op);
  EXPECT_EQ(decode.classes, classes);
  EXPECT_FALSE(decode.sigmoid_done);
  const std::vector<std::array<float, 2>> anchors{{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                                                  {59, 119}, {116, 90}, {156, 198}, {373, 326}};
  ASSERT_EQ(decode.levels.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_FLOAT_EQ(decode.levels[i].stride, float(8 << i));
    ASSERT_EQ(decode.levels[i].anchors.size(), 3u);
    for (size_t a = 0; a < 3; ++a) {
      EXPECT_FLOAT_EQ(decode.levels[i].anchors[a][0], anchors[i * 3 + a][0]);
      EXPECT_FLOAT_EQ(decode.levels[i].anchors[a][1], anchors[i * 3 + a][1]);
    }
  }
}

class TinyModels : public testing::TestWithParam<fs::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TinyModels);

TEST_P(TinyModels, ComputeTheSameAndHaveTheirHeadsRecognised) {
  ImportOptions options;
  if (GetParam().stem() == "tiny-dynamic") options.input_shape = {64, 96};
  const Graph before = import_onnx(GetParam().string(), options);
  const Graph after = run_passes(before);
  const bool raw = GetParam().stem() == "tiny-rawheads", focus = GetParam().stem() == "tiny-v5.0-focus";
  if (raw) {
    EXPECT_EQ(count<Decode>(after), 0u);
    const auto heads = detect_raw_heads(after, {});
    ASSERT_TRUE(heads);
    EXPECT_EQ(heads->decode.classes, 3);
  } else {
    expect_yolo_head(after, 3);
  }
  EXPECT_EQ(count<SpaceToDepth>(after), focus ? 1u : 0u);
  EXPECT_EQ(count<BatchNorm>(after), 0u);
  const bool quantised = count<Quantize>(before) > 0;
  if (!quantised) {
    for (const Node& node : after.nodes) {
      const Unary* unary = as<Unary>(node);
      EXPECT_TRUE(!unary || unary->kind == UnaryKind::silu) << node.name;
      EXPECT_FALSE(as<Binary>(node) && as<Binary>(node)->kind == BinaryKind::mul) << node.name;
    }
  }

  const auto inputs = random_inputs(before, 7, 0, 1);
  std::vector<TensorPtr> single;
  for (const TensorPtr& t : inputs) single.push_back(share(first_picture(*t, after.meta.batch)));
  const auto a = outputs_of(before, inputs), b = outputs_of(after, single);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    // Where a sum sits on the edge between two steps of a quantiser, its last bit decides; the rest agrees.
    EXPECT_GE(agreement(first_picture(*a[i], after.meta.batch), *b[i]), quantised ? 0.9 : 1.0);
  }
}

TEST_P(TinyModels, WithoutStridesEveryIntegerIsTheSame) {
  ImportOptions options;
  if (GetParam().stem() == "tiny-dynamic") options.input_shape = {64, 96};
  const Graph strided = fuse_epilogues(integerise(run_passes(import_onnx(GetParam().string(), options))));
  const Graph lowered = lower_strides(strided);
  verify(lowered, Stage::fused, "lower_strides");
  for (const Node& node : lowered.nodes) {
    const Window* window = as<QConv>(node)   ? &as<QConv>(node)->window
                           : as<FConv>(node) ? &as<FConv>(node)->window
                                             : nullptr;
    EXPECT_TRUE(!window || window->strides == (std::array<int64_t, 2>{1, 1})) << node.name;
  }
  const auto inputs = random_inputs(strided, 7, 0, 1);
  const auto a = outputs_of(strided, inputs), b = outputs_of(lowered, inputs);
  const double tolerance = count<FConv>(strided) > 0 ? 1e-5 : 0;  // float sums depend on their order
  for (size_t i = 0; i < a.size(); ++i) EXPECT_LE(worst_difference(*a[i], *b[i]), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Passes, TinyModels, testing::ValuesIn(tiny_models()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

TEST(RealModels, HeadsAreRecognised) {
  for (const char* name :
       {"yolov5n-dense.onnx", "yolov5n-dense_quant-in.onnx", "yolov5n-pruned65_bnfix_quant-qop.onnx"}) {
    if (!fs::exists(models() / name)) GTEST_SKIP() << "no " << (models() / name).string();
    expect_yolo_head(run_passes(import_onnx((models() / name).string(), {})), 80);
  }
}

}  // namespace
}  // namespace sparsec::passes

#endif
