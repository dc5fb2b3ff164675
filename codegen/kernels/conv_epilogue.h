// From accumulators to stored planes: what every family of convolution kernels does once the products are summed.
//
// Four rows at a time (one of floats): scale, activation, residual, then each output in its own form. Accumulators are
// in registers; where they came from is the family's business.
#pragma once

#include <vector>

#include "codegen/kernels/activation.h"
#include "codegen/kernels/builder.h"
#include "codegen/kernels/constants.h"
#include "codegen/kernels/conv.h"

namespace sparsec::kernels {

// The pointer registers of a convolution kernel, as ConvKernel::pointers lists them.
struct ConvPointers {
  explicit ConvPointers(const ConvSpec& spec);
  // At the end of a tile: those of tensors move on by so many vectors of pixels.
  void advance(Builder& b, const Isa& isa, int vectors = 1) const;
  void advance_input(Builder& b, const Isa& isa, int vectors) const;    // the input's alone
  void advance_outputs(Builder& b, const Isa& isa, int vectors) const;  // the other tensors'

  std::vector<ConvPointer> list;
  int mask = 0, residual = 0, output = 0;  // registers, the last of the first output
};
inline constexpr int kInputPointer = 0, kStreamPointer = 1;  // and kPoolPointer

class ConvEpilogue {
 public:
  // For a kernel whose rows begin at `first_row` of the specification. Registers from `temps` on are free for it:
  // kActivationTemps for a row, or for each of four if `wide`, which are then worked on side by side; what is left of
  // the instruction set's holds constants: call load_constants_at() at the end.
  ConvEpilogue(const Isa& isa, const ConvSpec& spec, const ConvPointers& pointers, int64_t first_row, Builder& builder,
               WordStream& stream, WordPool& pool, int temps, bool wide = false);

  // Which vector of the tile's pixels the next rows belong to, where the kernel takes several at once.
  void on_vector(int vector) { vector_ = vector; }
  // Rows r0, r0+1, ... of the kernel (as many as a plane has), whose accumulators are in registers x0, x0+1, ...
  void finish(int r0, int x0);
  void load_constants_at(size_t place) { constants_.load_at(place); }

 private:
  template <typename F>
  void each_row(F emit);
  // Temporary i of the quad's row j.
  int temp(int j, int i) const { return temps_[i] + (wide_ ? j * kActivationTemps : 0); }
  size_t row(int r) const { return size_t(first_ + r); }
  bool by_bits(int r) const;
  void scale(int r, int x, int free);
  void requantise(int r, int x, int free);
  void silu_steps(int r, int x, int j, int64_t plane);
  Mem residual_at(int64_t plane) const;
  void add_residual(int x0, int64_t plane);
  void store_bytes(const ConvOutput& out, Mem to, int x0);
  void store(const ConvOutput& out, Mem to, int x, int free);

  const Isa& isa_;
  const ConvSpec& spec_;
  const ConvPointers& pointers_;
  const int64_t first_;
  Builder& b_;
  WordStream& stream_;
  Constants constants_;
  const bool wide_;
  const Temps temps_;
  int vector_ = 0;
};

}  // namespace sparsec::kernels
