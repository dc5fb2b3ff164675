// What detection found, as text to the last bit: as C programs of the tests print it, to be compared whole.
#pragma once

#include <cstdio>
#include <string>

#include "compiler/cli/session.h"

namespace sparsec::testing {

inline std::string text_of(const std::vector<cli::Detection>& detections) {
  std::string text;
  for (const cli::Detection& d : detections) {
    char line[200];
    std::snprintf(line, sizeof line, "%a %a %a %a %a %d\n", double(d.x1), double(d.y1), double(d.x2), double(d.y2),
                  double(d.score), d.label);
    text += line;
  }
  return text;
}

// In a picture of 50 rows and 70 columns that those programs make too.
inline std::string found_by(const cli::LoadedModel& model, const cli::DetectOptions& options) {
  Image picture(50, 70);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = uint8_t(i * 7 + i / 211 * 13 + i * i % 31 * 5);
  return text_of(model.detect(picture, options));
}

}  // namespace sparsec::testing
