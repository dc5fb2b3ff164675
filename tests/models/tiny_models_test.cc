// Compiled detectors of every export form, on every instruction set of this machine, against ONNX Runtime's stored
// outputs, so that neither the oracle nor one kernel is judged by another of ours alone.
//
// The models are those of tests/data/tiny and, where the shared folder is present, all of its models/tiny. Each .npz
// holds one picture (bytes) and the outputs by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "compiler/cli/session.h"
#include "compiler/compile.h"
#include "sparsec/npy.h"
#include "tests/support/folders.h"

namespace sparsec {
namespace {

namespace fs = std::filesystem;

// Path without extension by name.
std::map<std::string, fs::path> models() {
  std::map<std::string, fs::path> found;
  std::vector<fs::path> folders{fs::path(SPARSEC_SOURCE_DIR) / "tests/data/tiny"};
  if (const auto shared = testing::shared_folder()) folders.push_back(*shared / "models/tiny");
  std::error_code none;
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder, none))
      if (entry.path().extension() == ".onnx") found.emplace(entry.path().stem(), folder / entry.path().stem());
  return found;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, path] : models()) out.push_back(name);
  return out;
}

// As the model wants the picture: bytes, or 0..1.
NpyArray as_input(const NpyArray& picture, NpyType type) {
  if (type == NpyType::u8) return picture;
  NpyArray out{NpyType::f32, picture.shape, std::vector<std::byte>(picture.bytes.size() * 4)};
  for (size_t i = 0; i < picture.bytes.size(); ++i) {
    const float value = float(std::to_integer<int>(picture.bytes[i])) / 255.0f;
    std::memcpy(&out.bytes[i * 4], &value, 4);
  }
  return out;
}

std::vector<float> floats(const NpyArray& array) {
  std::vector<float> out(array.bytes.size() / 4);
  std::memcpy(out.data(), array.bytes.data(), array.bytes.size());
  return out;
}

// Float forms: every number within a thousandth of itself. Quantised forms round differently in places, and later
// layers amplify it: 99% of the scores (behind the box's four numbers) within 0.01.
void compare(const NpyArray& got, const NpyArray& wanted, bool quantised) {
  ASSERT_EQ(got.type, NpyType::f32);
  ASSERT_EQ(got.shape, wanted.shape);
  const std::vector<float> a = floats(got), b = floats(wanted);
  const auto columns = size_t(got.shape.back());
  size_t scores = 0, close = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!quantised) {
      ASSERT_NEAR(a[i], b[i], 1e-3 * std::fabs(b[i]) + 1e-6) << "element " << i;
    }
    if (i % columns < 4) continue;
    ++scores;
    close += std::fabs(a[i] - b[i]) <= 0.01f;
  }
  EXPECT_GE(double(close), 0.99 * double(scores));
}

class CompiledTinyModel : public ::testing::TestWithParam<std::string> {};

TEST_P(CompiledTinyModel, GivesWhatOnnxRuntimeGives) {
  const std::string path = models().at(GetParam()).string();
  std::map<std::string, NpyArray> stored;
  for (NamedArray& a : read_npz(path + ".npz")) stored[a.name] = std::move(a.array);

  CompileOptions options;
  options.import.input_shape = {{64, 96}};
  options.targets = host_isas();
  options.name = "tiny";
  const Compiled compiled = compile(path + ".onnx", options);
  const bool quantised =
      std::ranges::any_of(compiled.graph.nodes, [](const Node& n) { return std::holds_alternative<QConv>(n.op); });
  const engine::Library library = engine::load(compiled.image);

  std::map<std::string, std::vector<std::byte>> first;  // outputs of the first instruction set
  for (const Isa* isa : options.targets) {
    const std::string isa_name(isa->name);
    SCOPED_TRACE(isa_name);
    const cli::LoadedModel model(library, path, {.threads = 2, .isa = isa_name});
    ASSERT_EQ(model.inputs().size(), 1U);
    const std::vector<NpyArray> outputs = model.run({as_input(stored.at("input"), model.inputs()[0].type)});
    size_t compared = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::string& name = model.outputs()[i].name;
      const auto& same = first.try_emplace(name, outputs[i].bytes).first->second;
      EXPECT_TRUE(same == outputs[i].bytes) << name << " differs between instruction sets";
      if (!stored.contains(name)) continue;  // older exporters also give the levels before the head's end
      ++compared;
      compare(outputs[i], stored.at(name), quantised);
    }
    EXPECT_EQ(compared, stored.size() - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CompiledTinyModel, ::testing::ValuesIn(names()), [](const auto& info) {
  std::string name = info.param;  // GoogleTest takes letters, digits and underscores
  std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace sparsec
