// `benchmark --layers` and `analyze --measure`: each layer's time against what the machine could do, as a table and as
// JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "compiler/measure/layers.h"
#include "compiler/measure/roofs.h"

namespace sparsec::cli {

struct Measured {
  std::vector<LayerWork> layers;
  LayerTimes times;
  Roofs roofs;
  std::string isa;
  int threads = 1;
  int64_t batch = 1;
  bool known = true;  // what the layers have to do; not known of a library

  double gmacs(size_t layer) const;    // 10^9 non-zero multiply-accumulates a second
  double of_peak(size_t layer) const;  // that as a share of the machine's peak
  double predicted_ms(size_t layer) const;
};

std::string print_layers(const Measured& m);
nlohmann::ordered_json layers_json(const Measured& m);  // {"layers": [...], "total": {...}, "roofs": {...}}

}  // namespace sparsec::cli
