// Kernels that find the machine's limits, made of the same table rows as every other: as many independent products as
// the registers hold, and reading memory as fast as it comes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/program.h"

namespace sparsec::kernels {

// Products of ones without end: dot4, fma_word or tile_dot, every accumulator in turn, so that none waits for another.
// Pointers: `data`, `words`, and where the accumulators go in the end (so that no compiler can leave the work out).
struct PeakKernel {
  kir::Function function;
  std::vector<uint32_t> data, words;
  int64_t macs_per_tile = 0;
  int64_t sink_bytes = 0;
};
PeakKernel peak_kernel(const Isa& isa, kir::Opcode product, std::string name);

// Reads memory (`write`: overwrites it with zeros), kChunkBytes a tile. Pointers: the memory, which advances a chunk a
// tile, and a vector for what was read.
inline constexpr int64_t kChunkBytes = 4096;
kir::Function sweep_kernel(const Isa& isa, bool write, std::string name);

}  // namespace sparsec::kernels
