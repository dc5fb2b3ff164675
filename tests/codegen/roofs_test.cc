// What the kernels of the roofs compute, on every instruction set by the interpreter: they must do the work that they
// are counted for.
#include "codegen/kernels/roofs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "codegen/interpret.h"

namespace sparsec {
namespace {

constexpr int64_t kTiles = 3;

TEST(Roofs, EveryProductReachesAnAccumulator) {
  for (const Isa* isa : all_isas())
    for (const kir::Opcode product : {kir::Opcode::dot4, kir::Opcode::fma_word, kir::Opcode::tile_dot}) {
      if (product == kir::Opcode::tile_dot && !isa->tiles) continue;
      const bool integer = product != kir::Opcode::fma_word;
      const kernels::PeakKernel peak = kernels::peak_kernel(*isa, product, "peak");
      std::vector<uint32_t> sink(size_t(peak.sink_bytes) / 4);
      const void* const pointers[] = {peak.data.data(), peak.words.data(), sink.data()};
      kir::interpret(*isa, peak.function, pointers, kTiles);
      double sum = 0;
      for (const uint32_t word : sink) sum += integer ? double(word) : double(std::bit_cast<float>(word));
      EXPECT_EQ(sum, double(kTiles * peak.macs_per_tile))
          << isa->name << " " << kir::print(peak.function).substr(0, 400);
    }
}

TEST(Roofs, SweepsReadAndWriteEveryWord) {
  for (const Isa* isa : all_isas()) {
    std::vector<uint32_t> memory(size_t(kTiles * kernels::kChunkBytes) / 4, 0), sink(size_t(isa -> lanes));
    const void* const pointers[] = {memory.data(), sink.data()};
    const kir::Function read = kernels::sweep_kernel(*isa, false, "read");
    for (const size_t at : {size_t{0}, memory.size() / 2 + 5, memory.size() - 1}) {
      memory[at] = 1;
      kir::interpret(*isa, read, pointers, kTiles);
      uint32_t any = 0;
      for (const uint32_t word : sink) any |= word;
      EXPECT_EQ(any, 1U) << isa->name << " at " << at;
      memory[at] = 0;
    }
    std::fill(memory.begin(), memory.end(), 7U);
    kir::interpret(*isa, kernels::sweep_kernel(*isa, true, "write"), pointers, kTiles);
    EXPECT_EQ(std::count(memory.begin(), memory.end(), 0U), int64_t(memory.size())) << isa->name;
  }
}

}  // namespace
}  // namespace sparsec
