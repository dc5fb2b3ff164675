// Files that are no good model: every one gives one line that names the file and what is wrong, and none does harm.
#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

std::string random_bytes(size_t n, uint32_t seed) {
  std::string s;
  for (size_t i = 0; i < n; ++i) s += char((seed = seed * 1664525 + 1013904223) >> 24);
  return s;
}

// A small model with a bit of everything.
std::string small_model() {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1, 3, 8, 8})
      .output("y")
      .initialiser("w", counting({4, 3, 3, 3}))
      .initialiser("b", f32s({1, 2, 3, 4}));
  m.initialiser("s", f32(0.5f)).initialiser("z", Tensor::of<uint8_t>({}, {3})).initialiser("t", i64s({1, 2, -1}));
  m.node("Conv", {"x", "w", "b"}, {"c"}, {{"pads", Ints{1, 1, 1, 1}}}).node("QuantizeLinear", {"c", "s", "z"}, {"q"});
  m.node("DequantizeLinear", {"q", "s", "z"}, {"d"}).node("Reshape", {"d", "t"}, {"y"}).metadata("names", "{0: 'a'}");
  return m.bytes();
}

TEST(BadInput, FilesThatAreNoModel) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of(folder.file("missing.onnx")), folder.file("missing.onnx") + ": no such file");
  expect_contains(error_of(folder.path().string()), "not a plain file");
  expect_contains(error_of(folder.write("empty.onnx", "")), "empty.onnx: the file is empty");
  expect_contains(error_of(folder.write("text.onnx", "This is a text file, not a model.\n")),
                  "text.onnx: not an ONNX model");
  for (uint32_t seed : {1u, 2u, 3u}) {
    expect_contains(error_of(folder.write("noise.onnx", random_bytes(100'000, seed))), "noise.onnx: not an ONNX model");
  }
}

TEST(BadInput, TruncatedAnywhere) {
  const TemporaryFolder folder;
  const std::string whole = small_model();
  size_t accepted = 0;
  for (size_t n = 1; n < whole.size(); n += 3) {
    try {
      import_onnx(folder.write("cut.onnx", whole.substr(0, n)), {});
      ++accepted;  // where only the metadata is missing
    } catch (const CompileError& e) {
      expect_contains(e.what(), "cut.onnx: ");
    }
  }
  EXPECT_LT(accepted, 20u);
}

TEST(BadInput, ChangedBytesNeverCrash) {
  const TemporaryFolder folder;
  const std::string whole = small_model();
  uint32_t seed = 7;
  for (int i = 0; i < 1500; ++i) {
    std::string changed = whole;
    for (int k = 0; k < 1 + i % 3; ++k) {
      seed = seed * 1664525 + 1013904223;
      const size_t at = (seed >> 8) % changed.size();
      seed = seed * 1664525 + 1013904223;
      changed[at] = char(seed >> 24);
    }
    try {
      import_onnx(folder.write("changed.onnx", changed), {});
    } catch (const CompileError&) {  // NOLINT(bugprone-empty-catch): as good as a graph
    }
  }
}

TEST(BadInput, Tensors) {
  const auto conv = [](const auto& add_weights) {
    OnnxWriter m(13);
    m.input("x", DType::f32, {1, 1, 8, 8}).output("y").node("Conv", {"x", "w"}, {"y"});
    add_weights(m);
    return error_of(m);
  };
  const auto raw = [&](int32_t type, const Ints& dims, const std::string& bytes) {
    return conv([&](OnnxWriter& m) { m.raw_initialiser("w", type, dims, bytes); });
  };
  expect_contains(raw(1, {1, 1, 1, 1}, "12345"), "initialiser 'w' has 5 bytes; its shape 1x1x1x1 of f32 needs 4");
  expect_contains(raw(1, {100000, 100000, 3, 3}, "1234"), "initialiser 'w' has 4 bytes");
  expect_contains(raw(1, {INT64_MAX, INT64_MAX}, "1234"), "impossible dimensions");
  expect_contains(raw(1, {-1, 4}, "1234"), "impossible dimensions");
  expect_contains(raw(1, {0, INT64_MAX, INT64_MAX}, ""), "impossible dimensions");
  expect_contains(raw(10, {1, 1, 1, 1}, "12"), "element type FLOAT16; supported: FLOAT");
  expect_contains(raw(99, {1}, "1"), "element type 99");
  expect_contains(conv([](OnnxWriter& m) { m.initialiser("w", f32(1)).initialiser("w", f32(1)); }), "given twice");
  expect_contains(conv([](OnnxWriter& m) { m.sparse_initialiser("w"); }), "sparse initialiser 'w' is unsupported");
  expect_contains(conv([](OnnxWriter& m) { m.initialiser("w", Tensor(DType::f32, {4, 2, 3, 3})); }),
                  "node make_y (Conv): Conv weights of 4x2x3x3 do not fit");
}

TEST(BadInput, Graphs) {
  const auto graph = [](const auto& build) {
    OnnxWriter m(13);
    m.input("x", DType::f32, {4});
    build(m);
    return error_of(m.output("y"));
  };
  expect_contains(graph([](OnnxWriter& m) { m.node("Nonesuch", {"x"}, {"y"}); }),
                  "node make_y (Nonesuch): operator Nonesuch is unsupported; supported: Abs, Add, And");
  expect_contains(graph([](OnnxWriter& m) { m.node("Gelu", {"x"}, {"y"}, {}, "com.microsoft"); }),
                  "of domain 'com.microsoft'");
  expect_contains(graph([](OnnxWriter& m) {
                    m.node("Add", {"x", "b"}, {"a"}).node("Relu", {"a"}, {"b"}).node("Relu", {"b"}, {"y"});
                  }),
                  "node make_a (Add): the graph has a cycle");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"nothing"}, {"y"}); }),
                  "reads 'nothing', which is no input");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"x"}, {"y"}).node("Abs", {"x"}, {"y"}); }),
                  "already taken");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"x"}, {"x"}); }), "already taken");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"x"}, {"z"}); }), "output 'y' is made by no node");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {}, {"y"}); }), "input 0 is missing");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"x"}, {"a", "b"}).node("Add", {"a", "b"}, {"y"}); }),
                  "node make_a (Relu): output 1 ('b') is not one that this operator has here");
  expect_contains(graph([](OnnxWriter& m) { m.node("Relu", {"two\nlines"}, {"y"}); }), "reads 'two?lines'");
  expect_contains(graph([](OnnxWriter& m) { m.initialiser("p", i64s({INT64_MIN, 0})).node("Pad", {"x", "p"}, {"y"}); }),
                  "pads are too big");
  expect_contains(graph([](OnnxWriter& m) { m.node("Add", {"x"}, {"y"}); }), "has 1 inputs; supported: 2");
  expect_contains(graph([](OnnxWriter& m) { m.function("f").node("Relu", {"x"}, {"y"}); }), "its own functions ('f')");
  expect_contains(graph([](OnnxWriter& m) { m.node("If", {"x"}, {"y"}).subgraph_of_last_node("then_branch"); }),
                  "node make_y (If): attribute 'then_branch' is a subgraph, which is unsupported");
  expect_contains(graph([](OnnxWriter& m) { m.initialiser("b", i64s({1, 2, 3})).node("Add", {"x", "b"}, {"y"}); }),
                  "input 1 ('b') has type i64; supported: f32");
  expect_contains(graph([](OnnxWriter& m) { m.initialiser("t", i64s({3, -1})).node("Reshape", {"x", "t"}, {"y"}); }),
                  "cannot be given the target shape");
}

TEST(BadInput, NodesInAnyOrderAreFine) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {2}).output("y").node("Relu", {"a"}, {"y"}).node("Neg", {"x"}, {"a"});
  EXPECT_EQ(values_of<float>(run_model(m, {f32s({-1, 2})})[0]), (std::vector<float>{1, 0}));
}

TEST(BadInput, Opsets) {
  for (int64_t opset : {6, 22, 99}) {
    OnnxWriter m(opset);
    m.input("x", DType::f32, {4}).output("y").node("Relu", {"x"}, {"y"});
    expect_contains(error_of(m), "opset " + std::to_string(opset) + " is unsupported; supported: 7 to 21");
  }
}

}  // namespace
}  // namespace sparsec::testing
