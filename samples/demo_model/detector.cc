// A detector whose weights are thought out, not trained: it finds red, green and blue blobs by colour and shape.
//
// It is laid out as YOLOv5 is (6x6 stem, strided 3x3 convolutions, C3 blocks, SPPF, three heads of three anchors, SiLU
// everywhere), int8 in the Q/DQ form. What its channels mean:
//
// - colour: the stem measures r - (g + b) / 2, and so on, in the four quadrants of its 6x6 window. The quantiser behind
//   it cuts at kFull, so that every saturated colour reads as kFull and grey reads as 0.
// - F: strided convolutions average 2x2: F is the share of a cell (8, 16, 32 pixels wide) that a colour covers: red,
//   green, blue, any.
// - A: in each C3 block the first bottleneck smooths F by 1-2-1 into A.
// - D, M, G: the second makes of A's "any" channel: D, the centre less the ring around it, a difference of Gaussians
//   that peaks at the centre of blobs about 2.6 cells wide; M, the mean of 3x3, which grows with the blob; G, the
//   slopes, which tell where in the cell the centre is. A slope a travels as two channels, a and -a:
//   silu(a) - silu(-a) = a, so SiLU does it no harm.
// - heads: objectness from D, class from A, size from M, position from G: one 1x1 convolution per level.
//
// The bottlenecks' residual stream works like a set of registers: groups of four channels, F A (D M) G, each written
// once. Nearly all weights between groups are zero, in whole 1x4 blocks, which is what makes it a sparse model.
#include "samples/demo_model/detector.h"

#include <cmath>
#include <vector>

#include "samples/demo_model/onnx_writer.h"

namespace demo {
namespace {

constexpr float kFull = 16;  // the value of "fully covered by the colour"
constexpr ActivationScale kPixels{1.0f / 255, 0};
constexpr ActivationScale kHidden{(kFull + 0.32f) / 255, 5};  // from below SiLU's minimum, -0.28, to kFull
constexpr int kColours = 3;
constexpr float kColourGain = 36, kColourBias = -2.5f;  // a purity of 0.5 is kFull already; tints of grey are cut off
constexpr float kCentreSurround = 3;                    // gain of D

// Channels of a level: four groups of four.
enum Channel { kF = 0, kA = 4, kD = 8, kM = 9, kRight = 12, kLeft = 13, kDown = 14, kUp = 15, kChannels = 16 };
constexpr int kAny = 3;  // of F and A: red + green + blue

// The constants of the heads, in units of cells and of kFull.
constexpr float kPeak = 0.17f, kPeakGain = 45, kEdge = 6;  // objectness: D above kPeak, and level
constexpr float kSizeMiddle = 0.52f, kSizeGain = 1.9f;     // size: ln(width / 3 cells) = gain * (M - middle)
constexpr float kSlopeGain = 2.2f;                         // position
constexpr float kClassGain = 12, kClassBias = -3;          // class
constexpr float kAnchorRatio[3] = {0.75f, 1, 1.3333334f};  // anchors, of three cells

Filter stem() {
  Filter f(4 * kColours, 3, 6);
  for (int colour = 0; colour < kColours; ++colour) {
    for (int quadrant = 0; quadrant < 4; ++quadrant) {
      const int o = 4 * colour + quadrant, top = 3 * (quadrant / 2), left = 3 * (quadrant % 2);
      for (int i = 0; i < 9 * 3; ++i) {
        const int channel = i / 9, y = top + i % 9 / 3, x = left + i % 3;
        f.at(o, channel, y, x) = kColourGain / 9 * (channel == colour ? 1.0f : -0.5f);
      }
      f.bias[size_t(o)] = kColourBias;
    }
  }
  return f;
}

// Averages 2x2 pixels (taps 1 and 2 of 3: the window's centre is the new cell's) of the given channels; the sum of the
// weights is 1.
void average_2x2(Filter& f, int o, const std::vector<int>& channels, float sum) {
  for (int c : channels) {
    for (int tap = 0; tap < 4; ++tap) f.at(o, c, 1 + tap / 2, 1 + tap % 2) = sum / 4 / float(channels.size());
  }
}

// The quadrants of each colour become F, and all of them "any".
Filter gather_colours() {
  Filter f(4, 4 * kColours, 3);
  std::vector<int> all;
  for (int colour = 0; colour < kColours; ++colour) {
    const int first = 4 * colour;
    average_2x2(f, kF + colour, {first, first + 1, first + 2, first + 3}, 1);
    all.insert(all.end(), {first, first + 1, first + 2, first + 3});
  }
  average_2x2(f, kF + kAny, all, kColours);
  return f;
}

Filter halve(int in) {
  Filter f(4, in, 3);
  for (int c = 0; c < 4; ++c) average_2x2(f, kF + c, {kF + c}, 1);
  return f;
}

// A 1x1 convolution that copies channels [from, from + count) to [to, ...).
struct Copy {
  int from, to, count;
};
Filter copy(int out, int in, const std::vector<Copy>& copies) {
  Filter f(out, in, 1);
  for (const Copy& c : copies) {
    for (int i = 0; i < c.count; ++i) f.at(c.to + i, c.from + i) = 1;
  }
  return f;
}

constexpr float kBinomial[3] = {0.25f, 0.5f, 0.25f};

Filter smooth() {
  Filter f(kChannels, kChannels, 3);
  for (int c = 0; c < 4; ++c) {
    for (int tap = 0; tap < 9; ++tap) f.at(kA + c, kF + c, tap / 3, tap % 3) = kBinomial[tap / 3] * kBinomial[tap % 3];
  }
  return f;
}

Filter measure() {
  Filter f(kChannels, kChannels, 3);
  const int any = kA + kAny;
  for (int tap = 0; tap < 9; ++tap) {
    const int y = tap / 3, x = tap % 3;
    f.at(kD, any, y, x) = kCentreSurround * (tap == 4 ? 1.0f : -0.125f);
    f.at(kM, any, y, x) = 1.0f / 9;
    f.at(kRight, any, y, x) = kBinomial[y] * float(x - 1);
    f.at(kLeft, any, y, x) = kBinomial[y] * float(1 - x);
    f.at(kDown, any, y, x) = kBinomial[x] * float(y - 1);
    f.at(kUp, any, y, x) = kBinomial[x] * float(1 - y);
  }
  return f;
}

// Passes a slope on: a = right - left is made anew from its two channels, so that SiLU is undone.
void renew_slopes(Filter& f, int from) {
  for (int pair : {int(kRight), int(kDown)}) {
    for (int sign = 0; sign < 2; ++sign) {
      f.at(pair + sign, from + pair) = sign ? -1.0f : 1.0f;
      f.at(pair + sign, from + pair + 1) = sign ? 1.0f : -1.0f;
    }
  }
}

// One level's head: for each anchor x, y, w, h, objectness, classes, before the sigmoid.
Filter head() {
  Filter f(3 * (5 + kColours), kChannels, 1);
  for (int anchor = 0; anchor < 3; ++anchor) {
    const int o = anchor * (5 + kColours);
    f.at(o, kRight) = f.at(o + 1, kDown) = kSlopeGain / kFull;
    f.at(o, kLeft) = f.at(o + 1, kUp) = -kSlopeGain / kFull;
    for (int side = 2; side < 4; ++side) {  // (2 sigmoid(t))^2 is about exp(t)
      f.at(o + side, kM) = kSizeGain / kFull;
      f.bias[size_t(o + side)] = -kSizeGain * kSizeMiddle - std::log(kAnchorRatio[anchor]);
    }
    f.at(o + 4, kD) = kPeakGain / (kCentreSurround * kFull);
    for (int slope : {kRight, kLeft, kDown, kUp})
      f.at(o + 4, slope) = -kEdge / kFull;            // silu(a) + silu(-a) is about |a|
    f.at(o + 4, kM) = 4 * float(anchor - 1) / kFull;  // the anchor of the blob's size is preferred
    f.bias[size_t(o + 4)] = -kPeakGain * kPeak - 4 * float(anchor - 1) * kSizeMiddle - (anchor == 1 ? 0.0f : 0.5f);
    for (int c = 0; c < kColours; ++c) {
      for (int other = 0; other < kColours; ++other) {
        f.at(o + 5 + c, kA + other) = (other == c ? 1 : -1) * kClassGain / kFull;
      }
      f.bias[size_t(o + 5 + c)] = kClassBias;
    }
  }
  return f;
}

// ---- the graph

class Detector {
 public:
  std::string write() {
    w_.input("images", {1, 3, kInputSize, kInputSize});
    std::string x = conv("model.0", "images", kPixels, stem(), 2, 2);
    x = conv("model.1", x, kHidden, gather_colours(), 2, 1);
    x = conv("model.2", x, kHidden, halve(4), 2, 1);
    const std::string p3 = c3("model.3", x);
    const std::string p4 = c3("model.5", conv("model.4", p3, kHidden, halve(kChannels), 2, 1));
    const std::string p5 = sppf("model.8", c3("model.7", conv("model.6", p4, kHidden, halve(kChannels), 2, 1)));
    detect("model.9", {p3, p4, p5});
    w_.metadata("stride", "32");
    w_.metadata("names", "{0: 'red', 1: 'green', 2: 'blue'}");
    w_.metadata("description", "hand-made demonstration detector of coloured blobs; not trained");
    return w_.bytes();
  }

 private:
  std::string conv(const std::string& block, const std::string& x, ActivationScale scale, const Filter& filter,
                   int stride, int pad) {
    return w_.silu(block, w_.convolution(block + ".conv", x, scale, filter, stride, pad));
  }
  std::string point(const std::string& block, const std::string& x, const Filter& filter) {
    return conv(block, x, kHidden, filter, 1, 0);
  }

  // x + conv3x3(conv1x1(x)); the sum takes x as the convolution does, as exporters write it
  std::string bottleneck(const std::string& block, const std::string& x, const Filter& pass, const Filter& filter) {
    const std::string y = conv(block + ".cv2", point(block + ".cv1", x, pass), kHidden, filter, 1, 1);
    return w_.node("Add", path_of(block) + "/Add", {w_.rounded(x), y});
  }

  // Two branches joined: one through the bottlenecks, one that keeps F for the next level.
  std::string c3(const std::string& block, const std::string& x) {
    const std::string in = point(block + ".cv1", x, copy(kChannels, 4, {{kF, kF, 4}}));
    const std::string smoothed = bottleneck(block + ".m.0", in, copy(kChannels, kChannels, {{kF, kF, 4}}), smooth());
    const std::string measured =
        bottleneck(block + ".m.1", smoothed, copy(kChannels, kChannels, {{kA, kA, 4}}), measure());
    const std::string kept = point(block + ".cv2", x, copy(4, 4, {{kF, kF, 4}}));
    const std::string both = w_.node("Concat", "/" + block + "/Concat", {measured, kept}, {}, {{"axis", 1}});
    Filter join = copy(kChannels, kChannels + 4, {{kChannels, kF, 4}, {kA, kA, 4}, {kD, kD, 2}});
    renew_slopes(join, 0);
    return point(block + ".cv3", both, join);
  }

  // Three max-pools in a row, joined with what they read. Used to sharpen D: less half of what the strongest neighbour
  // has more.
  std::string sppf(const std::string& block, const std::string& x) {
    Filter pass = copy(kChannels, kChannels, {{kF, kF, 4}, {kA, kA, 4}, {kD, kD, 2}});
    renew_slopes(pass, 0);
    std::vector<std::string> all{point(block + ".cv1", x, pass)};
    for (int i = 0; i < 3; ++i) {
      std::string name = "/" + block + "/m";
      if (i > 0) name.append("_").append(std::to_string(i));
      name += "/MaxPool";
      all.push_back(w_.node("MaxPool", name, {all.back()},
                            {{"kernel_shape", {5, 5}}, {"pads", {2, 2, 2, 2}}, {"strides", {1, 1}}},
                            {{"ceil_mode", 0}}));
    }
    const std::string joined = w_.node("Concat", "/" + block + "/Concat", all, {}, {{"axis", 1}});
    Filter sharpen = copy(kChannels, 4 * kChannels, {{kF, kF, 4}, {kA, kA, 4}, {kM, kM, 1}});
    sharpen.at(kD, kD) = 1.5f;
    sharpen.at(kD, kChannels + kD) = -0.5f;
    renew_slopes(sharpen, 0);
    return point(block + ".cv2", joined, sharpen);
  }

  // The decoding of YOLOv5 v6 and v7: xy = (2p - 0.5 + cell) * stride, wh = (2p)^2 * anchor.
  void detect(const std::string& block, const std::vector<std::string>& levels) {
    const std::string root = "/" + block, two = w_.constant(root + "/two", {}, {2.0f});
    std::vector<std::string> rows;
    int64_t total = 0;
    for (int level = 0; level < 3; ++level) {
      const int64_t stride = 8 << level, cells = kInputSize / stride, values = 5 + kColours;
      const std::string at = root + "/level." + std::to_string(level);
      std::vector<float> grid, sizes;
      for (const float ratio : kAnchorRatio) {
        for (int64_t i = 0; i < cells * cells; ++i) {
          const int64_t row = i / cells, column = i % cells;
          grid.insert(grid.end(), {float(column) - 0.5f, float(row) - 0.5f});
          const float side = std::round(float(3 * stride) * ratio);
          sizes.insert(sizes.end(), {side, side});
        }
      }
      const std::vector<int64_t> shape{1, 3, cells, cells, 2};
      const std::string raw =
          w_.convolution(block + ".m." + std::to_string(level), levels[size_t(level)], kHidden, head(), 1, 0);
      const std::string split_up =
          w_.node("Reshape", at + "/Reshape", {raw, w_.constant(at + "/shape", {1, 3, values, cells, cells})});
      const std::string t = w_.node("Transpose", at + "/Transpose", {split_up}, {{"perm", {0, 1, 3, 4, 2}}});
      const std::vector<std::string> p =
          w_.split(at + "/Split", w_.node("Sigmoid", at + "/Sigmoid", {t}), {2, 2, 1 + kColours}, 4);
      const std::string cell = w_.node(
          "Add", at + "/Add", {w_.node("Mul", at + "/Mul", {p[0], two}), w_.constant(at + "/grid", shape, grid)});
      const std::string xy = w_.node("Mul", at + "/Mul_1", {cell, w_.constant(at + "/stride", {}, {float(stride)})});
      const std::string square = w_.node("Pow", at + "/Pow", {w_.node("Mul", at + "/Mul_2", {p[1], two}), two});
      const std::string wh = w_.node("Mul", at + "/Mul_3", {square, w_.constant(at + "/anchors", shape, sizes)});
      const std::string boxes = w_.node("Concat", at + "/Concat", {xy, wh, p[2]}, {}, {{"axis", 4}});
      rows.push_back(
          w_.node("Reshape", at + "/Reshape_1", {boxes, w_.constant(at + "/rows", {1, 3 * cells * cells, values})}));
      total += 3 * cells * cells;
    }
    w_.node("Concat", root + "/Concat", rows, {}, {{"axis", 1}}, "output0");
    w_.output("output0", {1, total, 5 + kColours});
  }

  OnnxWriter w_;
};

}  // namespace

std::string make_detector() { return Detector().write(); }

}  // namespace demo
