// The demo detector as an ONNX file's bytes: see detector.cc for how it works.
#pragma once

#include <string>

namespace demo {

inline constexpr int kInputSize = 320;  // pixels, rows and columns

std::string make_detector();

}  // namespace demo
