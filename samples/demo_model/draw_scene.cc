// draw_scene OUT.png: writes the demo's picture, the same pixels every time, and prints what is in it.
#include <cstdio>
#include <exception>

#include "samples/demo_model/scene.h"
#include "sparsec/image.h"

namespace {

// What a detector should find, and what it should leave alone.
void print_truth() {
  constexpr const char* kColours[] = {"red", "green", "blue"};
  int grey = 0;
  std::printf("%-16s          %s\n", "truth", "box (x1, y1, x2, y2)");
  for (const demo::Object& o : demo::scene_objects()) {
    if (o.label < 0) {
      ++grey;
    } else {
      std::printf("%-16s          %7.1f %7.1f %7.1f %7.1f\n", kColours[o.label], o.x - o.side / 2, o.y - o.side / 2,
                  o.x + o.side / 2, o.y + o.side / 2);
    }
  }
  std::printf("and %d grey things, which are none of its classes\n", grey);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: draw_scene OUT.png\n");
    return 2;
  }
  try {
    sparsec::Image image(demo::kSceneRows, demo::kSceneColumns);
    image.rgb = demo::draw_scene();
    sparsec::write_image(argv[1], image);
    print_truth();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
