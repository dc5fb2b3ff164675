// Whole detectors of every export form: import, run the real dialect, compare with what ONNX Runtime gave for the same
// picture.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "compiler/import/import.h"
#include "compiler/ir/verify.h"
#include "compiler/oracle/evaluate.h"
#include "sparsec/npy.h"

namespace sparsec {
namespace {

namespace fs = std::filesystem;

// The models lie beside the sources, or where SPARSEC_SHARED says.
fs::path models_folder() {
  const char* shared = std::getenv("SPARSEC_SHARED");
  return (shared ? fs::path(shared) : fs::path(SPARSEC_SOURCE_DIR) / ".." / "shared") / "models" / "tiny";
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  std::error_code no_folder;
  for (const auto& entry : fs::directory_iterator(models_folder(), no_folder)) {
    if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

Tensor to_tensor(const NpyArray& array) {
  Tensor t(array.type == NpyType::u8 ? DType::u8 : DType::f32, array.shape);
  SPARSEC_CHECK(t.bytes.size() == array.bytes.size(), "the picture is uint8, the results float32");
  t.bytes = array.bytes;
  return t;
}

// Pictures are stored as bytes; most models take 0..1.
Tensor as_input(const Tensor& picture, DType type) {
  if (type == DType::u8) return picture;
  Tensor t(DType::f32, picture.shape);
  std::ranges::transform(picture.data<uint8_t>(), t.data<float>().begin(), [](uint8_t b) { return float(b) / 255.0f; });
  return t;
}

// Float forms: every number within a thousandth.
void expect_close(const Tensor& got, const Tensor& wanted) {
  ASSERT_EQ(got.shape, wanted.shape);
  const auto a = got.data<float>(), b = wanted.data<float>();
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_NEAR(a[i], b[i], 1e-3 * std::max(1.0f, std::fabs(b[i]))) << "element " << i;
  }
}

// Quantised forms: each runtime rounds a little differently and roundings are amplified, so 99% of the scores
// (objectness and classes, after the four numbers of the box) within 0.01.
void expect_scores_agree(const Tensor& got, const Tensor& wanted) {
  ASSERT_EQ(got.shape, wanted.shape);
  const auto a = got.data<float>(), b = wanted.data<float>();
  const size_t columns = size_t(got.shape.back());
  size_t scores = 0, close = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (i % columns < 4) continue;
    ++scores;
    close += std::fabs(a[i] - b[i]) <= 0.01f;
  }
  EXPECT_GE(double(close), 0.99 * double(scores)) << close << " of " << scores;
}

class TinyModel : public ::testing::TestWithParam<std::string> {};

TEST_P(TinyModel, GivesWhatOnnxRuntimeGives) {
  const fs::path file = models_folder() / GetParam();
  const Graph graph =
      import_onnx(file.string() + ".onnx", {.batch = {}, .input_shape = {{64, 96}}, .class_names_file = ""});
  verify(graph, Stage::imported, "import");
  std::map<std::string, Tensor> stored;
  for (const NamedArray& a : read_npz(file.string() + ".npz")) stored[a.name] = to_tensor(a.array);

  ASSERT_EQ(graph.inputs.size(), 1u);
  const auto values = oracle::run(graph, {share(as_input(stored.at("input"), graph.value(graph.inputs[0]).type))});

  const bool quantised =
      std::ranges::any_of(graph.nodes, [](const Node& n) { return std::holds_alternative<Quantize>(n.op); });
  size_t compared = 0;
  for (ValueId id : graph.outputs) {
    const auto wanted = stored.find(graph.value(id).name);
    if (wanted == stored.end()) continue;  // older exporters also give the levels before the head's end
    ++compared;
    if (quantised) {
      expect_scores_agree(*values.at(id), wanted->second);
    } else {
      expect_close(*values.at(id), wanted->second);
    }
  }
  EXPECT_EQ(compared, stored.size() - 1);
}

INSTANTIATE_TEST_SUITE_P(All, TinyModel, ::testing::ValuesIn(model_names()), [](const auto& info) {
  std::string name = info.param;  // GoogleTest takes letters, digits and underscores
  std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TinyModel);

TEST(TinyModels, AreThere) {
  if (model_names().empty()) GTEST_SKIP() << "no models in " << models_folder() << "; set SPARSEC_SHARED";
  EXPECT_GE(model_names().size(), 10u);
}

}  // namespace
}  // namespace sparsec
