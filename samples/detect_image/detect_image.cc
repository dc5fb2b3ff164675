// detect_image PICTURE [ANNOTATED]: what a program with a compiled detector inside looks like.
//
// The detector is in the library that yolo.h describes; there is no model file and no interpreter. Prints what was
// found and how long it took, and writes the picture with the boxes drawn in.
#include <cstdio>
#include <exception>
#include <ranges>
#include <string>
#include <vector>

#include "sparsec/benchmark.h"
#include "sparsec/draw.h"
#include "sparsec/image.h"
#include "yolo.h"

namespace {

std::string name_of(int label) {
  const char* name = yolo::Model::class_name(label);
  return name ? name : std::to_string(label);
}

void print_table(const std::vector<yolo::Detection>& found) {
  std::printf("%-20s %6s   %s\n", "label", "score", "box (x1, y1, x2, y2)");
  for (const yolo::Detection& d : found) {
    std::printf("%-20s %6.3f   %7.1f %7.1f %7.1f %7.1f\n", name_of(d.label).c_str(), d.score, d.x1, d.y1, d.x2, d.y2);
  }
  if (found.empty()) std::printf("(nothing found)\n");
}

void annotate(sparsec::Image& image, const std::vector<yolo::Detection>& found) {
  for (const yolo::Detection& d : std::views::reverse(found)) {  // the best on top
    char text[96];
    std::snprintf(text, sizeof text, "%s %.2f", name_of(d.label).c_str(), d.score);
    sparsec::draw_detection(image, d.x1, d.y1, d.x2, d.y2, d.label, text);
  }
}

void detect(const std::string& picture, const std::string& annotated) {
  sparsec::Image image = sparsec::read_image(picture);
  yolo::Model model;
  std::vector<yolo::Detection> found;
  const sparsec::BenchmarkResult timing =
      sparsec::benchmark([&] { found = model.detect(image.rgb.data(), image.rows, image.cols); },
                         {.warmup_seconds = 0.1, .seconds = 1, .iterations = 0});

  print_table(found);
  std::printf("latency: %.3f ms (median of %lld runs, letterbox and NMS included; %s, %d threads)\n",
              timing.latency_ms.median(), static_cast<long long>(timing.iterations()), model.isa(), model.threads());
  annotate(image, found);
  sparsec::write_image(annotated, image);
  std::printf("annotated picture: %s\n", annotated.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: detect_image PICTURE [ANNOTATED]\n");
    return 2;
  }
  try {
    detect(argv[1], argc == 3 ? argv[2] : "detected.png");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "detect_image: %s\n", error.what());
    return 1;
  }
  return 0;
}
