// Floats in [0, 1), bytes in 0..255, other integers zero; outputs are written once, so that their pages are there.
#include "compiler/cli/noise.h"

#include <cstring>
#include <random>

namespace sparsec::cli {
namespace {

NpyArray noise(const TensorSpec& spec, std::mt19937& random) {
  NpyArray array{spec.type, spec.shape, {}};
  const auto count = size_t(array.elements());
  array.bytes.resize(count * size_of(spec.type));
  for (size_t i = 0; i < count; ++i) {
    const uint32_t bits = random();
    if (spec.type == NpyType::f32) {
      const float value = float(bits >> 8) / float(1 << 24);
      std::memcpy(&array.bytes[i * sizeof value], &value, sizeof value);
    } else if (size_of(spec.type) == 1) {
      array.bytes[i] = std::byte(bits >> 24);
    }
  }
  return array;
}

}  // namespace

NoiseTensors::NoiseTensors(const LoadedModel& model) {
  std::mt19937 random(1);
  for (const TensorSpec& spec : model.inputs()) inputs_.push_back(noise(spec, random));
  for (const TensorSpec& spec : model.outputs()) outputs_.push_back(noise(spec, random));
  for (const NpyArray& array : inputs_) in_.push_back(array.bytes.data());
  for (NpyArray& array : outputs_) out_.push_back(array.bytes.data());
}

}  // namespace sparsec::cli
