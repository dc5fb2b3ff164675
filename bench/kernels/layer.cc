// The same steps as compiler/plan/lower_conv.cc takes, for a layer that has no neighbours.
#include "bench/kernels/layer.h"

#include <algorithm>
#include <random>

#include "codegen/kernels/layout.h"
#include "compiler/error.h"

namespace sparsec::bench {
namespace {

using kernels::ConvSpec;

PlaneLayout layout(const Isa& isa, const LayerShape& shape, int64_t channels) {
  PlaneLayout l;
  const int64_t border = shape.kernel / 2;
  l.rows = l.cols = shape.side;
  l.pitch = shape.side + border;
  l.planes = channels / 4;
  // Taps reach a border above and below; the last vector of pixels may reach beyond the last one.
  l.origin = (border * l.pitch + border) * 4;
  l.plane_bytes = ((shape.side + 2 * border) * l.pitch + border) * 4 + isa.vector_bytes();
  l.plane_bytes = (l.plane_bytes + 127) / 128 * 128 + 64;  // an odd number of cache lines
  return l;
}

ConvSpec specification(const Isa& isa, const LayerShape& shape, double sparsity) {
  std::mt19937 random(1);
  const PlaneLayout in = layout(isa, shape, shape.in), out = layout(isa, shape, shape.out);
  const int64_t border = shape.kernel / 2;
  ConvSpec spec;
  spec.in_planes = in.planes;
  spec.in_plane_bytes = in.plane_bytes;
  for (int64_t y = -border; y <= border; ++y)
    for (int64_t x = -border; x <= border; ++x) spec.taps.push_back(in.offset(y, x));
  spec.rows = shape.out;
  spec.words.resize(size_t(spec.rows * spec.in_planes) * spec.taps.size());
  std::bernoulli_distribution zero(sparsity);
  std::normal_distribution<float> weight(0, 24);  // few are large, as in trained networks
  for (uint32_t& word : spec.words) {
    if (zero(random)) continue;
    for (int i = 0; i < 4; ++i) {
      const auto w = int32_t(std::clamp(weight(random), -127.0f, 127.0f));
      word |= uint32_t(uint8_t(w == 0 ? 1 : w)) << (8 * i);
    }
  }
  const auto rows = size_t(spec.rows);
  spec.multiplier.assign(rows, 1e-4f);
  spec.bias.assign(rows, 0.1f);
  spec.activation = Activation::silu;
  kernels::ConvOutput output;
  output.quant = {0.05f, 10};
  output.plane_bytes = out.plane_bytes;
  output.planes = out.planes;
  spec.outputs = {output};
  spec.curve = numerics::silu_in_steps(output.quant, nullptr);
  return spec;
}

class Writer {
 public:
  Writer(const Isa& isa, kernels::ConvFamily family, const LayerShape& shape, const ConvSpec& spec) {
    program_.isa = &isa;
    const PlaneLayout in = layout(isa, shape, shape.in), out = layout(isa, shape, shape.out);
    const int64_t tiles = out.flat_vectors(isa.lanes), in_bytes = in.planes * in.plane_bytes;
    program_.arena_bytes = in_bytes + out.planes * out.plane_bytes;
    program_.steps = {{"conv", shape.name, 0, 0, tiles, 0}};
    program_.schedule = {{0, 1, 0, tiles, 0, 0}};
    kernels::WordPool pool(kernels::kPoolPointer);
    const std::vector<int64_t> borders = kernels::row_groups(isa, spec, family);
    std::vector<kernels::ConvKernel> groups;
    for (size_t g = 0; g + 1 < borders.size(); ++g)
      groups.push_back(std::move(kernels::lower_conv(isa, spec, family, borders[g], borders[g + 1], /*pieces=*/1, pool,
                                                     "conv_" + std::to_string(g), shape.name)[0]));
    const sparsec_pointer shared = constant(pool.words());
    for (size_t g = 0; g < groups.size(); ++g) {
      const int64_t to = in_bytes + out.origin + borders[g] / 4 * out.plane_bytes;
      const auto vector = int64_t{isa.vector_bytes()};
      const std::vector<sparsec_pointer> pointers{{SPARSEC_ARENA, 0, in.origin, vector, 0},
                                                  constant(groups[g].stream),
                                                  shared,
                                                  {SPARSEC_ARENA, 0, to, vector, 0}};
      SPARSEC_CHECK(pointers.size() == groups[g].pointers.size(), "a convolution without mask and residual");
      program_.calls.push_back({int32_t(g), "", uint32_t(program_.pointers.size()), uint32_t(pointers.size())});
      program_.pointers.insert(program_.pointers.end(), pointers.begin(), pointers.end());
      program_.functions.push_back(std::move(groups[g].function));
    }
    program_.steps[0].calls = uint32_t(groups.size());
  }
  int64_t bytes() const { return program_.arena_bytes + int64_t(program_.constants.size()); }
  ModelImage take() {
    ModelImage model;
    model.name = "layer";
    model.compiler = "sparsec";
    model.programs = {std::move(program_)};
    return model;
  }

 private:
  sparsec_pointer constant(const std::vector<uint32_t>& words) {
    while (program_.constants.size() % 64) program_.constants.push_back(0);
    const auto at = int64_t(program_.constants.size());
    for (const uint32_t word : words)
      for (int i = 0; i < 4; ++i) program_.constants.push_back(uint8_t(word >> (8 * i)));
    return {SPARSEC_CONSTANTS, 0, at, 0, 0};
  }

  ProgramImage program_;
};

}  // namespace

const std::vector<LayerShape> kShapes = {
    {"1x1_64_64_160", 1, 64, 64, 160},   {"3x3_64_64_80", 3, 64, 64, 80},     {"3x3_128_128_40", 3, 128, 128, 40},
    {"1x1_256_256_40", 1, 256, 256, 40}, {"3x3_256_256_20", 3, 256, 256, 20}, {"1x1_512_512_20", 1, 512, 512, 20},
};

Layer::Layer(const Isa& isa, kernels::ConvFamily family, const LayerShape& shape, double sparsity)
    : library_([&] {
        const ConvSpec spec = specification(isa, shape, sparsity);
        for (const uint32_t word : spec.words) nonzero_macs_ += word != 0 ? 4 * shape.side * shape.side : 0;
        Writer writer(isa, family, shape, spec);
        bytes_ = writer.bytes();
        return engine::load(writer.take());
      }()) {
  sparsec_rt_options options{};
  options.struct_bytes = sizeof options;
  options.threads = 1;
  if (library_.runtime().create(&library_.model(), &options, &context_) != SPARSEC_OK)
    throw CompileError("no context for a layer");
}

Layer::~Layer() { library_.runtime().destroy(context_); }

void Layer::run() const { library_.runtime().run(context_, nullptr, nullptr); }

}  // namespace sparsec::bench
