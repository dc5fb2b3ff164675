// The products' words are read in order, each once per tile, so that nothing can be moved out of the loop.
#include "codegen/kernels/roofs.h"

#include "codegen/kernels/builder.h"

namespace sparsec::kernels {

using kir::Opcode;

PeakKernel peak_kernel(const Isa& isa, Opcode product, std::string name) {
  constexpr int kRounds = 4, kIterations = 64;
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
  return {b.finish(), int64_t{body} * kIterations, int64_t{body} * kIterations,
          int64_t{accumulators} * isa.vector_bytes()};
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
