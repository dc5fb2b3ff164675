// draw_scene OUT.png: writes the demo's picture. The same pixels every time.
#include <cstdio>
#include <exception>

#include "samples/demo_model/scene.h"
#include "sparsec/image.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: draw_scene OUT.png\n");
    return 2;
  }
  try {
    sparsec::Image image(demo::kSceneRows, demo::kSceneColumns);
    image.rgb = demo::draw_scene();
    sparsec::write_image(argv[1], image);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
