// Dense int8 convolution by matrix tiles (AMX): sixteen output channels by sixteen pixels an instruction.
//
// For one tap and up to sixteen planes (64 input channels), the activations of sixteen pixels are a tile as they lie: a
// row is a plane's vector, the rows are a plane's stride apart. The weights of sixteen output channels are another,
// packed at compile time. Their product adds to a tile of int32 sums, output channel by pixel. A *pass* has two by two
// of these: 32 output channels, two vectors of pixels. A tile of weights that is all zero is left out, and so is a tile
// of activations that no weights meet. The sums go through memory of the kernel's own to the vector epilogue, whose
// instructions stand among the products of the next pair of vectors.
//
// Planes are cut into blocks of one size. Where that does not come out even, the last block begins earlier and has zero
// weights for the planes that it shares. Output channels that do not fill a tile are computed with zero weights and not
// stored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/pieces.h"

namespace sparsec::kernels {

inline constexpr int kAmxRows = 32;  // output channels of a kernel

// Groups of output channels as row_groups has them.
std::vector<int64_t> amx_row_groups(const ConvSpec& spec);

int64_t amx_rows(int64_t rows);  // as tiles have them: a multiple of 16

// A kernel's weights are read anew for each pair of vectors. Where they are more than stay in the first-level cache
// beside the activations, pieces of them are run over all pixels, one after the other; sums between pieces are whole
// tiles. Products are counted by blocks of planes.
size_t amx_piece_count(const ConvSpec& spec);
std::vector<int64_t> amx_products_by_block(const ConvSpec& spec, int64_t first, int64_t last);

ConvKernel lower_conv_amx(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, const Piece& piece,
                          WordPool& pool, std::string name, std::string comment);

// What all groups' kernels do for one vector of pixels.
struct AmxCounts {
  int64_t products = 0, input_loads = 0;  // of tiles; those of weights serve two vectors
};
AmxCounts count_amx(const ConvSpec& spec);

}  // namespace sparsec::kernels
