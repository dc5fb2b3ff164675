// Every operator's result goes through `quantised`, with a scale that fits its values.
#include "tests/support/quantised_head.h"

#include <random>

#include "tests/support/onnx_writer.h"

namespace sparsec::testing {
namespace {

constexpr int64_t kRows = 64, kColumns = 96, kAnchors = 3, kChannels = 8;
constexpr float kAnchorSizes[3][6] = {
    {10, 13, 16, 30, 33, 23}, {30, 61, 62, 45, 59, 119}, {116, 90, 156, 198, 373, 326}};

class Writer {
 public:
  OnnxWriter m{13};

  std::string quantised(const std::string& x, float scale, int zero_point) {
    m.initialiser(x + "_s", Tensor::of<float>({}, {scale}));
    m.initialiser(x + "_z", Tensor::of<uint8_t>({}, {uint8_t(zero_point)}));
    m.node("QuantizeLinear", {x, x + "_s", x + "_z"}, {x + "_q"});
    m.node("DequantizeLinear", {x + "_q", x + "_s", x + "_z"}, {x + "_d"});
    return x + "_d";
  }
  std::string conv(const std::string& x, const std::string& y, const Shape& shape, float scale) {
    Tensor t(DType::s8, shape);
    for (int8_t& w : t.data<int8_t>()) w = int8_t(int(random_() % 255) - 127);
    m.initialiser(y + "_w", t);
    m.initialiser(y + "_ws", Tensor::of<float>({}, {scale}));
    m.node("DequantizeLinear", {y + "_w", y + "_ws"}, {y + "_wd"});
    m.node("Conv", {x, y + "_wd"}, {y}, {{"strides", Ints{shape[2], shape[3]}}});
    return quantised(y, 0.05f, 128);
  }
  // x and a constant.
  std::string with(const char* op, const std::string& x, const std::string& y, const Tensor& constant, float scale,
                   int zero_point) {
    m.initialiser(y + "_c", constant);
    m.node(op, {x, y + "_c"}, {y});
    return quantised(y, scale, zero_point);
  }
  std::string columns(const std::string& x, const std::string& y, int64_t first, int64_t last) {
    m.initialiser(y + "_b", Tensor::of<int64_t>({1}, {first})).initialiser(y + "_e", Tensor::of<int64_t>({1}, {last}));
    m.initialiser(y + "_a", Tensor::of<int64_t>({1}, {4}));
    m.node("Slice", {x, y + "_b", y + "_e", y + "_a"}, {y});
    return quantised(y, 1.0f / 255, 0);
  }
  std::string decoded(const std::string& p, const std::string& n, int64_t level) {
    const int64_t rows = kRows / 8 >> level, cols = kColumns / 8 >> level;
    const auto stride = float(8 << level);
    std::vector<float> cells;
    for (int64_t y = 0; y < rows; ++y)
      for (int64_t x = 0; x < cols; ++x) cells.insert(cells.end(), {float(x) - 0.5f, float(y) - 0.5f});
    const float* sizes = kAnchorSizes[level];
    std::string xy = with("Mul", columns(p, "xy" + n, 0, 2), "xy2" + n, Tensor::of<float>({}, {2}), 2.0f / 255, 0);
    xy = with("Add", xy, "cell" + n, Tensor::of<float>({1, 1, rows, cols, 2}, cells), 14.0f / 255, 10);
    xy = with("Mul", xy, "at" + n, Tensor::of<float>({}, {stride}), 120.0f / 255, 20);
    std::string wh = with("Mul", columns(p, "wh" + n, 2, 4), "wh2" + n, Tensor::of<float>({}, {2}), 2.0f / 255, 0);
    wh = with("Pow", wh, "square" + n, Tensor::of<float>({}, {2}), 4.0f / 255, 0);
    wh = with("Mul", wh, "size" + n, Tensor::of<float>({1, kAnchors, 1, 1, 2}, std::vector<float>(sizes, sizes + 6)),
              4 * 373.0f / 255, 0);
    m.node("Concat", {xy, wh, columns(p, "scores" + n, 4, kChannels)}, {"row" + n}, {{"axis", int64_t{4}}});
    m.initialiser("flat" + n, Tensor::of<int64_t>({3}, {0, -1, kChannels}));
    m.node("Reshape", {"row" + n, "flat" + n}, {"rows" + n});
    return "rows" + n;
  }

 private:
  std::mt19937 random_{5};
};

}  // namespace

void write_quantised_head(const std::string& path, const QuantisedHead& form) {
  Writer w;
  w.m.input("images", form.input, {"batch", int64_t{3}, kRows, kColumns});
  std::string x = "images";
  if (form.input == DType::u8) {
    w.m.initialiser("byte", Tensor::of<float>({}, {255}));
    w.m.node("Cast", {x}, {"cast"}, {{"to", int64_t{1}}}).node("Div", {"cast", "byte"}, {"share"});
    x = "share";
  }
  x = w.quantised(x, 1.0f / 255, 0);
  std::vector<std::string> levels;
  for (int64_t level = 0; level < 3; ++level) {
    const std::string n = std::to_string(level);
    const int64_t step = level == 0 ? 8 : 2;
    x = w.conv(x, std::string("x") += n, {8, level == 0 ? 3 : 8, step, step}, level == 0 ? 0.004f : 0.009f);
    std::string p = w.conv(x, "head" + n, {kAnchors * kChannels, 8, 1, 1}, 0.003f);
    w.m.initialiser("s" + n,
                    Tensor::of<int64_t>({5}, {0, kAnchors, kChannels, kRows / 8 >> level, kColumns / 8 >> level}));
    w.m.node("Reshape", {p, "s" + n}, {"split" + n});
    p = w.quantised("split" + n, 0.05f, 128);
    w.m.node("Transpose", {p}, {"p" + n}, {{"perm", Ints{0, 1, 3, 4, 2}}});
    p = w.quantised("p" + n, 0.05f, 128);
    if (form.decoded || form.sigmoid) {
      w.m.node("Sigmoid", {p}, {"sigmoid" + n});
      p = w.quantised("sigmoid" + n, 1.0f / 255, 0);
    }
    if (form.decoded)
      levels.push_back(w.decoded(p, n, level));
    else
      w.m.output(p);
  }
  if (form.decoded) w.m.node("Concat", levels, {"boxes"}, {{"axis", int64_t{1}}}).output("boxes");
  w.m.save(path);
}

}  // namespace sparsec::testing
