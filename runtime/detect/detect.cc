// Thin covers over runtime/core, which has the arithmetic.
#include "sparsec/detect.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/core/head.h"
#include "runtime/core/letterbox.h"
#include "runtime/core/nms.h"

namespace sparsec {
namespace {

void check_image(const Image& image) {
  const bool possible =
      image.rows > 0 && image.cols > 0 && image.rows <= rt::kMostPixels && image.cols <= rt::kMostPixels;
  if (!possible || image.rgb.size() != size_t(image.rows) * size_t(image.cols) * 3) {
    throw std::invalid_argument("a picture of " + std::to_string(image.rows) + " x " + std::to_string(image.cols) +
                                " pixels with " + std::to_string(image.rgb.size()) +
                                " bytes; 3 bytes for each pixel are needed");
  }
}
void check_size(int rows, int cols) {
  if (rows < 1 || cols < 1 || rows > rt::kMostPixels || cols > rt::kMostPixels) {
    throw std::invalid_argument("a size of " + std::to_string(rows) + " x " + std::to_string(cols) +
                                "; 1 to 1048576 are possible");
  }
}

std::vector<Detection> kept(rt::Candidates& found, const DetectOptions& options) {
  found.sort();
  const int32_t n = rt::suppress(found.items(), found.size(), options.iou, options.agnostic, options.max_detections);
  std::vector<Detection> result;
  result.reserve(size_t(n));
  for (int32_t i = 0; i < n; ++i) {
    const rt::Candidate& c = found.items()[i];
    result.push_back({c.x1, c.y1, c.x2, c.y2, c.score, c.label});
  }
  return result;
}

}  // namespace

Image resize(const Image& image, int rows, int cols) {
  check_image(image);
  check_size(rows, cols);
  std::vector<rt::Column> columns(static_cast<size_t>(cols));
  rt::prepare_columns(image.cols, cols, columns.data());
  const rt::Resize r{image.rgb.data(), ptrdiff_t{3} * image.cols, image.rows, image.cols, rows, cols, columns.data()};
  const size_t room = rt::lanes_room(cols);
  std::vector<int16_t> cached(2 * room);
  std::vector<uint8_t> lanes(room);
  rt::RowCache cache{{cached.data(), cached.data() + room}, {-1, -1}};
  Image out(rows, cols);
  for (int y = 0; y < rows; ++y) {
    rt::resize_row(r, y, cache, lanes.data());
    for (int x = 0; x < cols; ++x) std::copy_n(&lanes[4 * size_t(x)], 3, out.at(y, x));
  }
  return out;
}

Letterboxed letterbox(const Image& image, int net_rows, int net_cols) {
  check_image(image);
  check_size(net_rows, net_cols);
  const rt::Geometry g = rt::fit(image.rows, image.cols, net_rows, net_cols);
  Letterboxed result{image.rows,      image.cols, g.top,   g.left,  g.inner_rows,
                     g.inner_columns, g.gain,     g.pad_x, g.pad_y, {}};
  result.input.resize(3 * size_t(net_rows) * size_t(net_cols));
  std::vector<char> memory(rt::letterbox_scratch_bytes(net_cols, 1) + 64);
  void* scratch = memory.data();
  size_t room = memory.size();
  std::align(64, room - 64, scratch, room);
  rt::Picture picture;
  rt::letterbox_begin(&picture, 1, image.rgb.data(), ptrdiff_t{3} * image.cols, g, static_cast<char*>(scratch));
  rt::letterbox_rows(rt::plain_input(SPARSEC_F32, net_rows, net_cols), picture,
                     reinterpret_cast<char*>(result.input.data()), 4 * int64_t(net_cols), 0, net_rows);
  return result;
}

std::vector<Detection> suppress(std::span<const Detection> boxes, const DetectOptions& options) {
  std::vector<rt::Candidate> memory(std::min(boxes.size(), size_t{rt::kMostCandidates}));
  rt::Candidates found(memory.data(), int32_t(memory.size()));
  for (const Detection& b : boxes) found.add(b.x1, b.y1, b.x2, b.y2, b.score, b.label);
  return kept(found, options);
}

std::vector<Detection> detections(std::span<const float> decoded, int classes, const DetectOptions& options) {
  if (classes < 1 || decoded.size() % (size_t(classes) + 5) != 0) {
    throw std::invalid_argument(std::to_string(decoded.size()) + " floats are not rows of 5 + " +
                                std::to_string(classes));
  }
  const size_t boxes = decoded.size() / (size_t(classes) + 5);
  const size_t most = boxes * (options.multi_label ? size_t(classes) : 1);
  std::vector<rt::Candidate> memory(std::min(most, size_t{rt::kMostCandidates}));
  rt::Candidates found(memory.data(), int32_t(memory.size()));
  rt::find_candidates(decoded.data(), int64_t(boxes), classes, options.confidence, options.multi_label, found);
  return kept(found, options);
}

void to_picture(std::vector<Detection>& boxes, const Letterboxed& where) {
  const auto back = [](float v, float pad, float gain, int size) { return rt::within_picture((v - pad) / gain, size); };
  for (Detection& b : boxes) {
    b.x1 = back(b.x1, where.pad_x, where.gain, where.cols);
    b.y1 = back(b.y1, where.pad_y, where.gain, where.rows);
    b.x2 = back(b.x2, where.pad_x, where.gain, where.cols);
    b.y2 = back(b.y2, where.pad_y, where.gain, where.rows);
  }
}

}  // namespace sparsec
