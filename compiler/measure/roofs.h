// What bounds every kernel on this machine: products per second of an instruction set, bytes per second from L2 and
// from memory; on as many threads as the model runs on, with kernels from the instruction set's own table.
#pragma once

#include <memory>

#include "codegen/isa/isa.h"

namespace sparsec {

struct Roofs {
  double int8_gmacs = 0;   // 10^9 multiply-accumulates a second by dot4
  double float_gmacs = 0;  // by fma_word
  double tile_gmacs = 0;   // int8, by tile_dot; 0: the instruction set has no tiles
  double l2_gbs = 0;       // 10^9 bytes a second, read, each thread from its own L2
  double memory_gbs = 0;   // read, from beyond the last cache
  int64_t l2_bytes = 0;    // of the region each thread read for l2_gbs
  int64_t memory_bytes = 0;
};

class RoofBench {
 public:
  // Compiles the kernels. Throws CompileError where they cannot run.
  RoofBench(const Isa& isa, int threads);
  ~RoofBench();

  // Measures for some tens of milliseconds. Other work on the machine only ever slows a kernel down, so the best of all
  // samples counts: take one before and one after what is to be compared.
  void sample();
  const Roofs& best() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sparsec
