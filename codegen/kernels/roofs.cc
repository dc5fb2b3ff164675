// The products' words are read in order, each once per tile, so that nothing can be moved out of the loop.
#include "codegen/kernels/roofs.h"

#include <bit>

#include "codegen/kernels/amx_tiles.h"
#include "codegen/kernels/builder.h"

namespace sparsec::kernels {

using kir::Opcode;

namespace {

constexpr int kRounds = 4, kIterations = 64;

// Two by two tiles of sums, as convolutions have them (conv_amx.h), of operands that are loaded once.
PeakKernel tile_peak_kernel(std::string name) {
  constexpr int kSums = 4, kFirst = 4, kSecond = 6;
  Builder b(std::move(name), "the most products of tiles", 3);
  b.with_memory(Opcode::tile_config, 0, 0, {0, 0});
  for (int t = 0; t < kSums; ++t) b.one(Opcode::tile_zero, t);
  for (int t = kFirst; t < 8; ++t) b.tile_load(t, {1, 0}, kTileRowBytes);
  b.loop_tiles();
  b.loop(kIterations);
  for (int round = 0; round < kRounds; ++round)
    for (int t = 0; t < kSums; ++t) b.three(Opcode::tile_dot, t, kFirst + t % 2, kSecond + t / 2);
  b.end();
  b.end();
  for (int t = 0; t < kSums; ++t) b.tile_store({2, t * kTileBytes}, t, kTileRowBytes);
  b.one(Opcode::tile_release, 0);

  return {b.finish(), tile_configuration({}), std::vector<uint32_t>(kTileBytes / 4, 0x01010101u),
          int64_t{kIterations} * kRounds * kSums * kTileRows * kTileRows * kTileRowBytes, kSums * kTileBytes};
}

}  // namespace

PeakKernel peak_kernel(const Isa& isa, Opcode product, std::string name) {
  if (product == Opcode::tile_dot) return tile_peak_kernel(std::move(name));
  const int accumulators = isa.registers - 1, data = accumulators;
  const int body = kRounds * accumulators;
  Builder b(std::move(name), "the most products that the registers allow", 3);
  for (int r = 0; r < accumulators; ++r) b.one(Opcode::zero, r);
  b.loop_tiles();
  b.loop(kIterations);
  b.load(data, {0, 0});
  for (int i = 0; i < body; ++i) b.with_memory(product, i % accumulators, data, {1, 4 * i});
  b.advance(1, 4 * body);
  b.end();
  b.advance(1, -4 * body * kIterations);
  b.end();
  for (int r = 0; r < accumulators; ++r) b.store({2, r * isa.vector_bytes()}, r);
  const bool integer = product != Opcode::fma_word;
  const uint32_t one = integer ? 0x01010101u : std::bit_cast<uint32_t>(1.0f);
  return {b.finish(), std::vector<uint32_t>(size_t(isa.lanes), one),
          std::vector<uint32_t>(size_t(body) * kIterations, one),
          int64_t{body} * kIterations * isa.lanes * (integer ? 4 : 1), int64_t{accumulators} * isa.vector_bytes()};
}

kir::Function sweep_kernel(const Isa& isa, bool write, std::string name) {
  constexpr int kSums = 4;  // independent, so that none waits for another
  const int bytes = isa.vector_bytes();
  Builder b(std::move(name), write ? "writes memory" : "reads memory", 2);
  for (int i = 0; i < kSums; ++i) b.one(Opcode::zero, i);
  b.loop_tiles();
  b.loop(kChunkBytes / (kSums * bytes));
  for (int i = 0; i < kSums; ++i) {
    if (write) {
      b.store({0, i * bytes}, i);
    } else {
      b.load(kSums, {0, i * bytes});
      b.three(Opcode::bit_or, i, i, kSums);
    }
  }
  b.advance(0, int64_t{kSums} * bytes);
  b.end();
  b.end();
  for (int i = 1; i < kSums; ++i) b.three(Opcode::bit_or, 0, 0, i);
  b.store({1, 0}, 0);
  return b.finish();
}

}  // namespace sparsec::kernels
