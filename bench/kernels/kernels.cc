// bench_kernels: one benchmark per instruction set of this machine, family of convolution, layer of YOLOv5s and share
// of zero blocks: "avx2/unrolled/3x3_128_128_40/65". One thread. Each is compiled when its turn comes.
//
// GMAC/s counts multiplications of blocks that are not all zero; of_peak is that over the instruction set's own peak,
// measured just before.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "bench/kernels/layer.h"
#include "compiler/compile.h"
#include "compiler/measure/roofs.h"

namespace sparsec::bench {
namespace {

double peak_gmacs(const Isa& isa, kernels::ConvFamily family) {
  static std::map<const Isa*, Roofs> peaks;
  const auto [at, fresh] = peaks.try_emplace(&isa);
  if (fresh) {
    RoofBench roofs(isa, 1);
    roofs.sample();
    at->second = roofs.best();
  }
  return family == kernels::ConvFamily::amx ? at->second.tile_gmacs : at->second.int8_gmacs;
}

void run(benchmark::State& state, const Isa& isa, kernels::ConvFamily family, const LayerShape& shape,
         double sparsity) {
  const double peak = peak_gmacs(isa, family) * 1e9;
  const Layer layer(isa, family, shape, sparsity);
  for (auto _ : state) layer.run();
  using benchmark::Counter;
  const auto macs = double(layer.nonzero_macs());
  state.counters["MAC/s"] = Counter(macs, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(macs / peak, Counter::kIsIterationInvariantRate);
  state.SetBytesProcessed(int64_t(state.iterations()) * layer.bytes());
}

void add_all() {
  for (const Isa* isa : host_isas())
    for (const kernels::ConvFamily family : kernels::families_of(*isa, {})) {
      for (const LayerShape& shape : kShapes)
        for (const int percent : {0, 65, 94}) {
          const std::string name = std::string(isa->name) + "/" + kernels::name_of(family) + "/" + shape.name + "/" +
                                   std::to_string(percent);
          benchmark::RegisterBenchmark(
              name.c_str(), [=, &shape](benchmark::State& state) { run(state, *isa, family, shape, percent / 100.0); })
              ->Unit(benchmark::kMicrosecond)
              ->UseRealTime();
        }
    }
}

}  // namespace
}  // namespace sparsec::bench

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fprintf(stderr, "warning: built with checks, not as a release\n");
#endif
  sparsec::bench::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
