// A detector of four levels, strides 8 to 64, as YOLOv5's P6 models are: backbone, spatial pyramid, both ways through
// the pyramid of features, and a head of four; float and quantised, with the head's decoding inside and as raw levels.
#include "compiler/compile.h"
#include "tests/cli/detections.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

using testing::Ints;

constexpr int64_t kRows = 128, kColumns = 192, kLevels = 4, kValues = 8;  // three classes
const Anchors kP6Anchors{{{{19, 27}, {44, 40}, {38, 94}}},
                         {{{96, 68}, {86, 152}, {180, 137}}},
                         {{{140, 301}, {303, 264}, {238, 542}}},
                         {{{436, 615}, {739, 380}, {925, 792}}}};

// A value of the network: its name and channels.
struct Feature {
  std::string name;
  int64_t channels;
};

class P6Writer {
 public:
  P6Writer(bool quantised, bool decoded) : quantised_(quantised), decoded_(decoded) {
    m_.input("images", DType::f32, {int64_t{1}, int64_t{3}, kRows, kColumns});
    scalar("one_step", 0.02f).scalar("picture_step", 1.0f / 255);
    m_.initialiser("zero", Tensor::of<uint8_t>({}, {0})).initialiser("low", Tensor::of<uint8_t>({}, {14}));
    m_.initialiser("s8_zero", Tensor::of<int8_t>({}, {0}));
    scalar("two", 2);
    m_.initialiser("scales", Tensor::of<float>({4}, {1, 1, 2, 2})).initialiser("roi", Tensor(DType::f32, {0}));
    m_.initialiser("parts", Tensor::of<int64_t>({3}, {2, 2, kValues - 4}));
  }

  void save(const std::string& path) {
    const Feature p2 = conv(conv({"images", 3}, 8, 6, 2), 8, 3, 2);
    Feature p3 = conv(p2, 12, 3, 2);
    p3 = add(p3, conv(conv(p3, 8, 1, 1), 12, 3, 1));
    const Feature p4 = conv(p3, 16, 3, 2), p5 = conv(p4, 16, 3, 2), p6 = pyramid(conv(p5, 24, 3, 2));
    const Feature t6 = conv(p6, 16, 1, 1), t5 = conv(conv(join({up(t6), p5}), 16, 3, 1), 12, 1, 1),
                  t4 = conv(conv(join({up(t5), p4}), 12, 3, 1), 12, 1, 1);
    const Feature n3 = conv(join({up(t4), p3}), 12, 3, 1), n4 = conv(join({conv(n3, 12, 3, 2), t4}), 16, 3, 1),
                  n5 = conv(join({conv(n4, 12, 3, 2), t5}), 16, 3, 1),
                  n6 = conv(join({conv(n5, 16, 3, 2), t6}), 24, 3, 1);
    std::vector<std::string> levels;
    for (const Feature& n : {n3, n4, n5, n6}) levels.push_back(level(n, int64_t(levels.size())));
    if (decoded_) m_.node("Concat", levels, {"output0"}, {{"axis", int64_t{1}}}).output("output0");
    m_.save(path);
  }

 private:
  P6Writer& scalar(const std::string& name, float value) {
    m_.initialiser(name, Tensor::of<float>({}, {value}));
    return *this;
  }
  std::string fresh(const char* kind) { return kind + std::to_string(next_++); }

  // With SiLU, but for the head's.
  Feature conv(const Feature& x, int64_t channels, int64_t kernel, int64_t stride, bool silu = true) {
    const std::string y = fresh("conv");
    const int64_t pad = kernel == 6 ? 2 : kernel / 2, fan_in = x.channels * kernel * kernel;
    const float largest = (silu ? 3.5f : 6.0f) / std::sqrt(float(fan_in));
    std::vector<float> bias;
    for (int64_t i = 0; i < channels; ++i) bias.push_back(std::uniform_real_distribution<float>(-0.3f, 0.3f)(random_));
    m_.initialiser(y + "_b", Tensor::of<float>({channels}, bias));
    std::string from = x.name;
    const Shape shape{channels, x.channels, kernel, kernel};
    std::vector<int8_t> steps(size_t(channels * fan_in));
    for (int8_t& w : steps) w = random_() % 2 ? int8_t(int(random_() % 255) - 127) : int8_t(0);
    if (quantised_) {
      const bool is_picture = x.name == "images";
      const std::string step = is_picture ? "picture_step" : "one_step", zero = is_picture ? "zero" : "low";
      m_.node("QuantizeLinear", {x.name, step, zero}, {y + "_q"});
      m_.node("DequantizeLinear", {y + "_q", step, zero}, {y + "_x"});
      from = y + "_x";
      m_.initialiser(y + "_i", Tensor::of<int8_t>(shape, steps));
      scalar(y + "_s", largest / 127).m_.node("DequantizeLinear", {y + "_i", y + "_s", "s8_zero"}, {y + "_w"});
    } else {
      std::vector<float> weights;
      for (const int8_t w : steps) weights.push_back(float(w) * largest / 127);
      m_.initialiser(y + "_w", Tensor::of<float>(shape, weights));
    }
    m_.node("Conv", {from, y + "_w", y + "_b"}, {y},
            {{"strides", Ints{stride, stride}}, {"pads", Ints{pad, pad, pad, pad}}});
    if (!silu) return {y, channels};
    m_.node("Sigmoid", {y}, {y + "_sigmoid"}).node("Mul", {y, y + "_sigmoid"}, {y + "_silu"});
    return {y + "_silu", channels};
  }
  Feature add(const Feature& a, const Feature& b) {
    const std::string y = fresh("sum");
    m_.node("Add", {a.name, b.name}, {y});
    return {y, a.channels};
  }
  Feature join(const std::vector<Feature>& parts) {
    const std::string y = fresh("join");
    std::vector<std::string> names;
    int64_t channels = 0;
    for (const Feature& part : parts) {
      names.push_back(part.name);
      channels += part.channels;
    }
    m_.node("Concat", names, {y}, {{"axis", int64_t{1}}});
    return {y, channels};
  }
  Feature up(const Feature& x) {
    const std::string y = fresh("up");
    m_.node("Resize", {x.name, "roi", "scales"}, {y},
            {{"mode", std::string("nearest")},
             {"nearest_mode", std::string("floor")},
             {"coordinate_transformation_mode", std::string("asymmetric")}});
    return {y, x.channels};
  }
  Feature pyramid(const Feature& x) {
    std::vector<Feature> parts{conv(x, 12, 1, 1)};
    for (int i = 0; i < 3; ++i) {
      const std::string y = fresh("pool");
      m_.node("MaxPool", {parts.back().name}, {y}, {{"kernel_shape", Ints{5, 5}}, {"pads", Ints{2, 2, 2, 2}}});
      parts.push_back({y, 12});
    }
    return conv(join(parts), 24, 1, 1);
  }

  std::string level(const Feature& x, int64_t k) {
    const int64_t rows = kRows >> (3 + k), columns = kColumns >> (3 + k), cells = 3 * rows * columns;
    std::string n = "level" + std::to_string(k);
    m_.initialiser(n + "_shape", Tensor::of<int64_t>({5}, {1, 3, kValues, rows, columns}));
    m_.node("Reshape", {conv(x, 3 * kValues, 1, 1, false).name, n + "_shape"}, {n + "_planes"});
    m_.node("Transpose", {n + "_planes"}, {n}, {{"perm", Ints{0, 1, 3, 4, 2}}});
    if (!decoded_) {
      m_.output(n);
      return n;
    }
    std::vector<float> grid, sizes;
    for (int64_t i = 0; i < cells; ++i) {
      grid.push_back(float(i % columns) - 0.5f);
      grid.push_back(float(i / columns % rows) - 0.5f);
      for (size_t d = 0; d < 2; ++d) sizes.push_back(float(kP6Anchors[size_t(k)][size_t(i / (rows * columns))][d]));
    }
    m_.initialiser(n + "_grid", Tensor::of<float>({1, 3, rows, columns, 2}, grid));
    m_.initialiser(n + "_sizes", Tensor::of<float>({1, 3, rows, columns, 2}, sizes));
    m_.initialiser(n + "_rows", Tensor::of<int64_t>({3}, {1, cells, kValues}));
    scalar(n + "_stride", float(8 << k));
    m_.node("Sigmoid", {n}, {n + "_s"});
    m_.node("Split", {n + "_s", "parts"}, {n + "_xy", n + "_wh", n + "_rest"}, {{"axis", int64_t{4}}});
    m_.node("Mul", {n + "_xy", "two"}, {n + "_xy2"}).node("Add", {n + "_xy2", n + "_grid"}, {n + "_cell"});
    m_.node("Mul", {n + "_cell", n + "_stride"}, {n + "_centre"});
    m_.node("Mul", {n + "_wh", "two"}, {n + "_wh2"}).node("Pow", {n + "_wh2", "two"}, {n + "_wh4"});
    m_.node("Mul", {n + "_wh4", n + "_sizes"}, {n + "_size"});
    m_.node("Concat", {n + "_centre", n + "_size", n + "_rest"}, {n + "_all"}, {{"axis", int64_t{4}}});
    m_.node("Reshape", {n + "_all", n + "_rows"}, {n + "_out"});
    return n + "_out";
  }

  testing::OnnxWriter m_{13};
  std::mt19937 random_{6};  // the same weights each time
  int next_ = 0;
  const bool quantised_, decoded_;
};

class P6 : public Detect, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    P6Writer(GetParam(), true).save(folder_ / "p6.onnx");
    P6Writer(GetParam(), false).save(folder_ / "raw.onnx");
    picture_ = noise(7, kRows, kColumns);
    codecs::write_image(folder_ / "picture.png", picture_of(picture_));
  }
  NpyArray picture_;
};

TEST_P(P6, HasFourLevelsAndTheKernelsThatItShould) {
  const Outcome plan = sparsec("p6.onnx --target avx2 --dump-plan");
  ASSERT_EQ(plan.code, 0) << plan.err;
  for (const char* stride : {"stride 8\n", "stride 16\n", "stride 32\n", "stride 64\n"})
    EXPECT_NE(plan.out.find(std::string(": decode, ") + stride), std::string::npos) << stride;
  const Outcome graph = sparsec("p6.onnx --dump-ir fuse_epilogues");
  EXPECT_EQ(graph.out.find("= QConv(") != std::string::npos, GetParam());
  EXPECT_EQ(graph.out.find("= FConv(") != std::string::npos, !GetParam());
}

// Every layer and the whole, on every instruction set of this machine.
TEST_P(P6, AgreesWithTheOracle) {
  std::string isas;
  for (const Isa* isa : host_isas()) isas += (isas.empty() ? "" : ",") + std::string(isa->name);
  for (const char* model : {"p6.onnx", "raw.onnx"}) {
    const Outcome o = sparsec("verify " + std::string(model) + " picture.png --target " + isas);
    EXPECT_EQ(o.code, 0) << o.out << o.err;
    EXPECT_TRUE(o.out.ends_with("\nverified\n")) << o.out;
  }
}

TEST_P(P6, DecodesAsThisTestDoes) {
  const std::vector<float> ours = rows("p6.onnx", picture_, false);
  const std::vector<float> wanted = rows("raw.onnx", picture_, false, kP6Anchors);
  ASSERT_EQ(ours.size(), size_t(3 * (16 * 24 + 8 * 12 + 4 * 6 + 2 * 3) * kValues));
  ASSERT_EQ(ours.size(), wanted.size());
  // Sigmoid may be off by 5e-5 (docs/design.md), which a centre has times two strides, and a size 4 s^2 a of an anchor
  // a times 8 s a, or four roots of the size times the anchor.
  for (size_t i = 0; i < ours.size(); ++i) {
    const size_t column = i % kValues;
    const double times = column < 2 ? 2.0 * 64 : column < 4 ? 4 * std::sqrt(double(wanted[i]) * 925) : 1;
    ASSERT_NEAR(ours[i], wanted[i], 6e-5 * times + 1e-5 * std::fabs(double(wanted[i]))) << i;
  }
}

TEST_P(P6, DetectsOnAllLevels) {
  const std::vector<float> all = rows("p6.onnx", picture_, false);
  const size_t classes = kValues - 5;
  const double confidence = score_at(all, 0.5);
  const std::vector<Box> wanted = suppress(all, classes, confidence, 0.45, kColumns, kRows);
  EXPECT_GT(wanted.size(), 20U);
  const std::string options = " picture.png --max-det 2000 --conf " + std::to_string(confidence);
  expect_same(detect("p6.onnx" + options).at("picture.png"), wanted);
  // of the raw levels with P6's own anchors, which the number of levels tells
  const std::vector<float> raw = rows("raw.onnx", picture_, false, kP6Anchors);
  expect_same(detect("raw.onnx" + options).at("picture.png"),
              suppress(raw, classes, confidence, 0.45, kColumns, kRows));

  // each level has its part in it: without any of them something else is found
  size_t first = 0;
  for (int k = 0; k < kLevels; ++k) {
    const size_t count = size_t(3 * (kRows >> (3 + k)) * (kColumns >> (3 + k)) * kValues);
    std::vector<float> without = all;
    for (size_t i = first; i < first + count; i += kValues) without[i + 4] = 0;
    const std::vector<Box> less = suppress(without, classes, confidence, 0.45, kColumns, kRows);
    EXPECT_FALSE(std::ranges::equal(less, wanted, {}, &Box::score, &Box::score)) << "level " << k;
    first += count;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, P6, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Quantised" : "Float"; });

}  // namespace
}  // namespace sparsec::cli
