// make_demo_model OUT.onnx: writes the demo detector. The same bytes every time.
#include <cstdio>
#include <fstream>

#include "samples/demo_model/detector.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_demo_model OUT.onnx\n");
    return 2;
  }
  const std::string model = demo::make_detector();
  std::ofstream file(argv[1], std::ios::binary);
  file.write(model.data(), std::streamsize(model.size()));
  if (!file.flush()) {
    std::fprintf(stderr, "%s: cannot be written\n", argv[1]);
    return 1;
  }
  return 0;
}
