// The parts of detection for applications that have boxes or pictures of their own: resize, letterbox, suppression,
// exactly as compiled models do them.
//
// (A compiled model needs none of this: its NAME_detect does it all.) Pure functions; any thread may call them. They
// throw std::invalid_argument when sizes make no sense.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparsec/image.h"

namespace sparsec {

// Corners in pixels, score in 0..1.
struct Detection {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  float score = 0;
  int32_t label = 0;
};

struct DetectOptions {
  float confidence = 0.25f;  // least objectness times class score
  float iou = 0.45f;         // overlap above which the lesser of two boxes is dropped
  int32_t max_detections = 300;
  bool multi_label = false;  // a box may be found as several classes
  bool agnostic = false;     // boxes of different classes drop each other too
};

// How a picture lies in a network's input: scaled by `gain`, beginning at (top, left), inner_rows x inner_cols large.
struct Letterboxed {
  int rows = 0, cols = 0;  // of the picture
  int top = 0, left = 0, inner_rows = 0, inner_cols = 0;
  float gain = 1, pad_x = 0, pad_y = 0;  // input = picture * gain + pad
  std::vector<float> input;              // [3][rows][cols] of the network, R, G, B, 0..1
};

// OpenCV's INTER_LINEAR, to the bit.
Image resize(const Image& image, int rows, int cols);

// YOLOv5's letterbox: scaled to fit, centred on grey 114.
Letterboxed letterbox(const Image& image, int net_rows, int net_cols);

// Which of `boxes` stay, best first, at most options.max_detections: class-wise suppression. `confidence` and
// `multi_label` play no part. At most 30000 boxes (the best) are looked at.
std::vector<Detection> suppress(std::span<const Detection> boxes, const DetectOptions& options = {});

// From a decoded output, rows of 5 + classes floats (centre x, y, width, height, objectness, class scores), to boxes in
// the network's pixels.
std::vector<Detection> detections(std::span<const float> decoded, int classes, const DetectOptions& options = {});

// From pixels of the network's input to pixels of the picture, clipped to it.
void to_picture(std::vector<Detection>& boxes, const Letterboxed& where);

}  // namespace sparsec
