// External data: read from beside the model, counted in its hash, and refused anywhere else.
#include <sys/stat.h>

#include "compiler/import/sha256.h"
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

using Entries = std::map<std::string, std::string>;

// A model `m.onnx` in a folder of its own, whose weights of 4 floats are at `entries`.
class ExternalData : public ::testing::Test {
 protected:
  ExternalData() {
    std::filesystem::create_directory(folder_.path() / "model");
    std::filesystem::create_directory(folder_.path() / "model" / "sub");
    folder_.write("model/w.bin", bytes_of({0, 1, 2, 3, 4, 5}));
    folder_.write("model/sub/w.bin", bytes_of({9, 8, 7, 6}));
    folder_.write("outside.bin", bytes_of({0, 1, 2, 3}));
  }

  static std::string bytes_of(const std::vector<float>& v) {
    return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
  }
  std::string save(const Entries& entries) const {
    OnnxWriter m(13);
    m.input("x", DType::f32, {4}).output("y").external_initialiser("w", DType::f32, {4}, entries);
    m.node("Add", {"x", "w"}, {"y"}).save(folder_.file("model/m.onnx"));
    return folder_.file("model/m.onnx");
  }
  std::vector<float> weights(const Entries& entries) const {
    const Graph g = import_onnx(save(entries), {});
    return values_of<float>(*g.value(g.nodes.at(0).inputs[1]).constant);
  }
  std::string error(const Entries& entries) const { return error_of(save(entries)); }

  TemporaryFolder folder_;
};

TEST_F(ExternalData, IsRead) {
  EXPECT_EQ(weights({{"location", "w.bin"}}), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(weights({{"location", "w.bin"}, {"offset", "8"}, {"length", "16"}}), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(weights({{"location", "sub/w.bin"}}), (std::vector<float>{9, 8, 7, 6}));
}

TEST_F(ExternalData, CountsInTheHash) {
  const Entries entries{{"location", "w.bin"}, {"offset", "4"}};
  const std::string before = import_onnx(save(entries), {}).meta.sha256;
  folder_.write("model/w.bin", bytes_of({0, 1, 2, 3, 5, 5}));
  EXPECT_NE(import_onnx(save(entries), {}).meta.sha256, before);
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  namespace fs = std::filesystem;
  fs::create_symlink(folder_.path() / "outside.bin", folder_.path() / "model" / "link.bin");
  fs::create_directory_symlink(folder_.path(), folder_.path() / "model" / "up");
  fs::create_symlink("w.bin", folder_.path() / "model" / "inside.bin");
  expect_contains(error({{"location", "../outside.bin"}}),
                  "initialiser 'w': external data file '../outside.bin' is outside");
  expect_contains(error({{"location", "sub/../../outside.bin"}}), "outside the model's folder");
  expect_contains(error({{"location", folder_.file("outside.bin")}}), "outside the model's folder");
  expect_contains(error({{"location", "link.bin"}}), "leads outside the model's folder");
  expect_contains(error({{"location", "up/outside.bin"}}), "leads outside the model's folder");
  EXPECT_EQ(weights({{"location", "inside.bin"}}), (std::vector<float>{0, 1, 2, 3}));
}

TEST_F(ExternalData, OnlyPlainFilesAndBytesThatAreThere) {
  ASSERT_EQ(mkfifo(folder_.file("model/pipe").c_str(), 0600), 0);
  expect_contains(error({{"location", "pipe"}}), "not a plain file");
  expect_contains(error({{"location", "sub"}}), "not a plain file");
  expect_contains(error({{"location", "."}}), "not a plain file");
  expect_contains(error({{"location", "missing.bin"}}), "cannot be read");
  expect_contains(error({{"location", ""}}), "no usable location");
  expect_contains(error({}), "no usable location");
  expect_contains(error({{"location", "w.bin"}, {"offset", "12"}}), "has 24 bytes; the tensor needs 16 from offset 12");
  expect_contains(error({{"location", "w.bin"}, {"offset", "18446744073709551615"}}), "has 24 bytes");
  expect_contains(error({{"location", "w.bin"}, {"length", "12"}}), "has 12 bytes where the tensor needs 16");
  expect_contains(error({{"location", "w.bin"}, {"offset", "-4"}}), "offset '-4'");
}

TEST_F(ExternalData, LyingDimensionsTakeNoMemory) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {4}).output("y").node("Add", {"x", "w"}, {"y"});
  m.external_initialiser("w", DType::f32, {1 << 18, 1 << 18}, {{"location", "w.bin"}})
      .save(folder_.file("model/m.onnx"));
  expect_contains(error_of(folder_.file("model/m.onnx")), "the tensor needs 274877906944");
}

TEST(Hash, IsThatOfTheFile) {
  const TemporaryFolder folder;
  OnnxWriter m(13);
  m.input("x", DType::f32, {4}).output("y").node("Relu", {"x"}, {"y"}).save(folder.file("m.onnx"));
  importer::Sha256 hash;
  const std::string bytes = m.bytes();
  hash.update(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(import_onnx(folder.file("m.onnx"), {}).meta.sha256, hash.hex());
}

}  // namespace
}  // namespace sparsec::testing
