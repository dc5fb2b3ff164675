// Resize and Upsample by nearest neighbour: every output row and column gets the index of the one that it copies.
//
// ONNX says where an output coordinate lies in the input (coordinate_transformation_mode) and which neighbour of that
// place is taken (nearest_mode). Sizes are known, so both are settled here.
#include <algorithm>
#include <cmath>

#include "compiler/import/onnx_ops.h"

namespace sparsec::importer {
namespace {

// One dimension that is resized.
struct Axis {
  int64_t in = 1, out = 1;
  double scale = 1;                   // out / in as the model says it
  double roi_start = 0, roi_end = 1;  // of tf_crop_and_resize
};

constexpr int64_t kMostOutputs = 1 << 20;

// Where output coordinate i lies among the input's coordinates.
double source_of(NodeImport& n, const std::string& mode, const Axis& a, int64_t i) {
  const double x = double(i), in = double(a.in), out = double(a.out);
  if (mode == "half_pixel") return (x + 0.5) / a.scale - 0.5;
  if (mode == "half_pixel_symmetric") {
    const double adjusted = out / (a.scale * in);  // less than 1 where the output was rounded down
    return in / 2 * (1 - adjusted) + (x + 0.5) / a.scale - 0.5;
  }
  if (mode == "pytorch_half_pixel") return a.out > 1 ? (x + 0.5) / a.scale - 0.5 : 0.0;
  if (mode == "align_corners") return a.out == 1 ? 0.0 : x * (in - 1) / (out - 1);
  if (mode == "asymmetric") return x / a.scale;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / a.scale;
  if (mode == "tf_crop_and_resize") {
    return a.out > 1 ? a.roi_start * (in - 1) + x * (a.roi_end - a.roi_start) * (in - 1) / (out - 1)
                     : 0.5 * (a.roi_start + a.roi_end) * (in - 1);
  }
  n.fail("coordinate_transformation_mode=" + mode +
         " is unsupported; supported: half_pixel, half_pixel_symmetric, "
         "pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn, tf_crop_and_resize");
}

double nearest(NodeImport& n, const std::string& mode, double x) {
  if (mode == "round_prefer_floor") return std::ceil(x - 0.5);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  n.fail("nearest_mode=" + mode + " is unsupported; supported: round_prefer_floor, round_prefer_ceil, floor, ceil");
}

std::vector<int64_t> sources(NodeImport& n, const std::string& place, const std::string& neighbour, const Axis& a) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < a.out; ++i) {
    const double x = source_of(n, place, a, i);
    n.require(place != "tf_crop_and_resize" || (x >= 0 && x <= double(a.in - 1)),
              "the region of interest leaves the input; supported: inside it");
    rows.push_back(int64_t(std::clamp(nearest(n, neighbour, x), 0.0, double(a.in - 1))));
  }
  return rows;
}

// `axes` are N,C,H,W.
void emit_resize(NodeImport& n, const std::vector<Axis>& axes, const std::string& place, const std::string& neighbour) {
  n.require(axes[0].out == axes[0].in && axes[1].out == axes[1].in,
            "resizes the batch or the channels; supported: rows and columns");
  const Binding x = n.input(0);
  Resize op{sources(n, place, neighbour, axes[2]), sources(n, place, neighbour, axes[3])};
  n.output(0, n.emit(std::move(op), {x.id}), x.as);
}

std::vector<Axis> axes_of(NodeImport& n, const Shape& shape) {
  n.require(shape.size() == 4, "the input has shape " + to_string(shape) + "; supported: 4 dimensions (N,C,H,W)");
  std::vector<Axis> axes(4);
  for (size_t d = 0; d < 4; ++d) axes[d].in = axes[d].out = shape[d];
  return axes;
}

void set_output(NodeImport& n, Axis& a, double size) {
  n.require(size >= 1 && size <= double(kMostOutputs), "resizes a dimension of " + std::to_string(a.in) + " to " +
                                                           std::to_string(int64_t(std::min(size, 1e15))) +
                                                           "; supported: 1 to " + std::to_string(kMostOutputs));
  a.out = int64_t(size);
}

// The output is the input times the scale, in float as runtimes compute it, rounded down.
void set_scale(NodeImport& n, Axis& a, double scale) {
  n.require(std::isfinite(scale) && scale > 0, "has a scale of " + std::to_string(scale) + "; supported: above 0");
  a.scale = scale;
  set_output(n, a, std::floor(double(float(a.in) * float(scale))));
}

// Output sizes for the dimensions `which`, perhaps with one scale for all of them.
void set_sizes(NodeImport& n, std::vector<Axis>& axes, const std::vector<size_t>& which,
               const std::vector<int64_t>& sizes) {
  const std::string policy = n.text("keep_aspect_ratio_policy", "stretch");
  n.require(policy == "stretch" || policy == "not_larger" || policy == "not_smaller",
            "keep_aspect_ratio_policy=" + policy + " is unsupported; supported: stretch, not_larger, not_smaller");
  std::vector<double> scales;
  for (size_t i = 0; i < which.size(); ++i) scales.push_back(double(sizes[i]) / double(axes[which[i]].in));
  const double one = scales.empty() ? 1 : policy == "not_larger" ? std::ranges::min(scales) : std::ranges::max(scales);
  for (size_t i = 0; i < which.size(); ++i) {
    Axis& a = axes[which[i]];
    a.scale = policy == "stretch" ? scales[i] : one;
    set_output(n, a, policy == "stretch" ? double(sizes[i]) : std::floor(one * double(a.in) + 0.5));
  }
}

void require_nearest(NodeImport& n) {
  const std::string mode = n.text("mode", "nearest");
  n.require(mode == "nearest", "mode=" + mode + " is unsupported; supported: nearest");
}

// The input `i` when it holds any elements: absent ones may be written as empty tensors.
TensorPtr filled(NodeImport& n, size_t i) {
  TensorPtr t = n.constant_if_given(i);
  return t && t->size() > 0 ? t : nullptr;
}

void resize(NodeImport& n) {
  require_nearest(n);
  std::vector<Axis> axes = axes_of(n, n.value(0).shape);
  std::vector<size_t> which;
  for (int64_t a : n.integers("axes", {0, 1, 2, 3})) which.push_back(size_t(n.axis(a, 4)));
  const std::string place = n.text("coordinate_transformation_mode", "half_pixel");

  if (place == "tf_crop_and_resize") {
    const TensorPtr roi = filled(n, 1);
    n.require(roi && roi->size() == int64_t(2 * which.size()),
              "roi does not have a start and an end for each dimension");
    const std::vector<double> ends = roi->as_doubles();
    for (size_t i = 0; i < which.size(); ++i) {
      axes[which[i]].roi_start = ends[i];
      axes[which[i]].roi_end = ends[which.size() + i];
    }
  }
  const TensorPtr scales = filled(n, 2), sizes = filled(n, 3);
  n.require((scales != nullptr) != (sizes != nullptr), "needs either scales or sizes");
  n.require((scales ? scales : sizes)->size() == int64_t(which.size()),
            "does not have one scale or size for each dimension");
  if (scales) {
    const std::vector<double> given = scales->as_doubles();
    for (size_t i = 0; i < which.size(); ++i) set_scale(n, axes[which[i]], given[i]);
  } else {
    set_sizes(n, axes, which, sizes->as_ints());
  }
  emit_resize(n, axes, place, n.text("nearest_mode", "round_prefer_floor"));
}

// Upsample, and Resize in its first form: coordinates are divided by the scale and rounded down.
void upsample(NodeImport& n) {
  require_nearest(n);
  std::vector<Axis> axes = axes_of(n, n.value(0).shape);
  std::vector<double> scales;
  if (const auto* given = n.attribute<std::vector<float>>("scales")) {
    scales.assign(given->begin(), given->end());
  } else {
    scales = n.constant(1)->as_doubles();
  }
  n.require(scales.size() == 4, "has " + std::to_string(scales.size()) + " scales; supported: 4");
  for (size_t d = 0; d < 4; ++d) set_scale(n, axes[d], scales[d]);
  emit_resize(n, axes, "asymmetric", "floor");
}

}  // namespace

std::span<const OpRow> resize_ops() {
  static constexpr OpRow rows[] = {
      {"", "Resize", 10, upsample}, {"", "Resize", 11, resize}, {"", "Upsample", 7, upsample}};
  return rows;
}

}  // namespace sparsec::importer
