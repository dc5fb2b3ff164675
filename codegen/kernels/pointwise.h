// Kernels that map pixels to pixels over whole planes: tables, adds, activations, requantising, pooling.
//
// Each runs one plane as a flat vector: a tile is one vector of pixels. Pointers are listed with each. `border` is
// written outside the picture where keep_border is set, as in conv.h.
#pragma once

#include <optional>

#include "codegen/kernels/builder.h"
#include "compiler/ir/op.h"

namespace sparsec::kernels {

struct Border {
  bool keep = false;
  uint32_t lane = 0;
};

// Pointers: input, output, pool(2), mask when border.keep.
kir::Function lower_lookup(const Isa& isa, const Lookup& op, Border border, WordPool& pool, std::string name,
                           std::string comment);

// Pointers: a, output, pool(2), b, mask when border.keep. u8 planes.
kir::Function lower_qbinary(const Isa& isa, BinaryKind kind, Quant a, Quant b, Quant out, Border border, WordPool& pool,
                            std::string name, std::string comment);
bool supports_qbinary(BinaryKind kind);

// The same of bytes a and b by clamp_u8(round_even(fma(b, multiplier_b, fma(a, multiplier_a, bias))) + zero_point).
struct SumOfBytes {
  float multiplier_a, multiplier_b, bias;
};
kir::Function lower_sum_of_bytes(const Isa& isa, const SumOfBytes& sum, int32_t zero_point, Border border,
                                 WordPool& pool, std::string name, std::string comment);

// The same by clamp_u8((a * weight_a + b * weight_b + bias) >> shift) in int32, for weights of up to 22 bits and a
// sign. Where the instruction set can.
struct IntegerSum {
  int32_t weight_a, weight_b, bias;
  int shift;
};
bool supports_integer_sum(const Isa& isa);
kir::Function lower_integer_sum(const Isa& isa, const IntegerSum& sum, Border border, WordPool& pool, std::string name,
                                std::string comment);

// The maximum over a window of stride 1. Pointers: input, output, pool(2), mask when border.keep. Outside the picture
// the input must hold what never wins.
kir::Function lower_max_pool(const Isa& isa, bool integer, const std::vector<int64_t>& taps, Border border,
                             WordPool& pool, std::string name, std::string comment);

// f32 planes. Pointers: input, output, pool(2), mask when border.keep.
kir::Function lower_unary(const Isa& isa, Activation activation, float alpha, Border border, WordPool& pool,
                          std::string name, std::string comment);

// f32 planes. Pointers: a, output, pool(2), b, mask when border.keep.
kir::Function lower_binary(const Isa& isa, BinaryKind kind, Border border, WordPool& pool, std::string name,
                           std::string comment);
bool supports_binary(BinaryKind kind);

// One u8 plane -> `channels` (1 to 4) f32 planes. Pointers: input, output (of the first channel), pool(2).
kir::Function lower_dequantise(const Isa& isa, Quant quant, int channels, int64_t out_plane_bytes, WordPool& pool,
                               std::string name, std::string comment);

}  // namespace sparsec::kernels
