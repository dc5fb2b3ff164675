// count_objects PICTURE...: how many of what is in each picture.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "detector.h"
#include "sparsec/image.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: count_objects PICTURE...\n");
    return 2;
  }
  try {
    vision::Model model;  // one is enough for all pictures; a thread of yours would make its own
    for (int i = 1; i < argc; ++i) {
      const sparsec::Image image = sparsec::read_image(argv[i]);
      std::map<int, int> count;
      for (const vision::Detection& d : model.detect(image.rgb.data(), image.rows, image.cols)) ++count[d.label];

      std::printf("%s:", argv[i]);
      for (const auto& [label, n] : count) {
        const char* name = vision::Model::class_name(label);
        std::printf(" %d %s", n, name ? name : std::to_string(label).c_str());
      }
      std::printf("%s\n", count.empty() ? " nothing" : "");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "count_objects: %s\n", error.what());
    return 1;
  }
  return 0;
}
