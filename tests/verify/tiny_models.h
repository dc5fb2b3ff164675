// The tiny models: the one in tests/data, and where the shared folder is present all of its.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "tests/support/folders.h"

namespace sparsec::testing {

inline std::vector<std::string> tiny_models() {
  std::vector<std::string> models;
  const auto add = [&](const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".onnx") models.push_back(entry.path().string());
  };
  if (const auto shared = shared_folder())
    add(*shared / "models" / "tiny");
  else
    add(std::filesystem::path(SPARSEC_SOURCE_DIR) / "tests" / "data" / "tiny");
  std::sort(models.begin(), models.end());
  return models;
}

// Reproducible noise for one picture: floats in 0..1, bytes of any value.
inline std::vector<TensorPtr> noise(const Graph& graph) {
  std::mt19937 random(7);
  std::vector<TensorPtr> inputs;
  for (const ValueId v : graph.inputs) {
    Tensor t(graph.value(v).type, graph.value(v).shape);
    if (t.type == DType::f32)
      for (float& x : t.data<float>()) x = float(random() >> 8) / float(1 << 24);
    else
      for (std::byte& b : t.bytes) b = std::byte(random() >> 24);
    inputs.push_back(share(std::move(t)));
  }
  return inputs;
}

}  // namespace sparsec::testing
