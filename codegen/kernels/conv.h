// Convolution kernels: a group of output channels at all pixels, straight-line over the non-zero weights, looping over
// input planes, or by matrix tiles (conv_amx.h).
//
// One kernel serves int8 and float: a word of weights is four int8 input channels or one float one, and a lane of the
// activations matches it. The tile is `rows` output channels (accumulators) by one vector of pixels (dense kernels may
// take two: conv_pairs.h). For each input plane and tap the vector is loaded once and multiplied into every row whose
// word is not zero; zero words emit nothing, so the kernel is the sparsity pattern. Where 16-bit sums are cheaper than
// 32-bit ones (saturating_dot), a few vectors are held at once and the words of a row that cannot overflow 16 bits
// together are one instruction.
//
// An unrolled group whose code is too long for the micro-op cache, or one of tiles whose weights are too many for the
// first-level cache, is cut into pieces (pieces.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codegen/kernels/builder.h"
#include "compiler/ir/op.h"
#include "compiler/oracle/numerics.h"
#include "compiler/oracle/piecewise.h"

namespace sparsec::kernels {

// Where one output goes. All outputs have the geometry of the flat loop.
struct ConvOutput {
  bool f32 = false;
  Quant quant;                        // u8
  const Lookup256* lookup = nullptr;  // u8
  bool keep_border = false;           // border pixels get `border` instead of whatever the flat loop computes there
  uint32_t border = 0;                // a lane
  int64_t plane_bytes = 0;
  int64_t planes = 0;  // that there are: rows beyond them are not stored
  Quant quantiser() const { return lookup ? lookup->before : quant; }
};

struct ConvSpec {
  bool integer = true;
  int64_t in_planes = 0, in_plane_bytes = 0;
  std::vector<int64_t> taps;      // byte distance from the output's pixel to the tap's
  int64_t rows = 0;               // output channels as laid out: a multiple of 4 when integer
  std::vector<uint32_t> words;    // [row][plane][tap]
  std::vector<int32_t> acc_bias;  // [row], integer: added to the accumulator; empty: nothing
  // [row]: fma(float(accumulator), multiplier, bias) is what the epilogue's form() begins with, in its unit, as QConv
  // has it (or the same function by other numbers, with signed_levels). Float convolutions have the bias only, where
  // their accumulators start.
  std::vector<float> multiplier, bias;
  // Of the form requantise: [row], added to what the fma is rounded to; empty: nothing. With signed_levels that is the
  // output's byte less 128, clamped to s8, else the byte, clamped to u8.
  std::vector<int32_t> offset;
  bool signed_levels = false;
  // With signed_levels: [row], whether accumulator and acc_bias are a float's bits and so are multiplied as they are,
  // and the result's low half is the level (compiler/plan/float_bits.h); then all rows' levels are int16. Empty: none.
  std::vector<bool> by_bits;
  Activation activation = Activation::none;
  float alpha = 0;
  numerics::Piecewise curve;  // of silu and sigmoid, integer
  bool residual = false;
  Quant residual_quant;  // integer only
  int64_t residual_plane_bytes = 0;
  std::vector<ConvOutput> outputs;
  int64_t tiles = 0;  // that kernels run over; 0: not known, and nothing is asked for ahead

  uint32_t word(int64_t row, int64_t plane, size_t tap) const {
    return words[size_t(row * in_planes + plane) * taps.size() + tap];
  }
  // Whether one of `count` rows from `row` on has something to add.
  bool has_acc_bias(int64_t row, int64_t count) const {
    return !acc_bias.empty() &&
           std::any_of(acc_bias.begin() + row, acc_bias.begin() + row + count, [](int32_t bias) { return bias != 0; });
  }
  bool masked() const {
    for (const ConvOutput& o : outputs)
      if (o.keep_border) return true;
    return false;
  }
  bool has_curve() const { return integer && (activation == Activation::silu || activation == Activation::sigmoid); }
  EpilogueForm form() const {
    return integer ? epilogue_form(activation, residual, outputs.size() == 1 && !outputs[0].f32)
                   : EpilogueForm::general;
  }
  int rows_per_plane() const { return integer ? 4 : 1; }
};

enum class ConvFamily : uint8_t { dense, unrolled, amx };
const char* name_of(ConvFamily);
std::optional<ConvFamily> find_family(const std::string& name);
std::string family_names();  // of all: "dense, unrolled, amx"
// Those that can compute the convolution on the instruction set.
std::vector<ConvFamily> families_of(const Isa& isa, const ConvSpec& spec);

// The pointers of a kernel, in order: `output` once per output, `partial` (accumulators that come and go) only in
// pieces, `ahead` and `code_ahead` only in kernels that ask for the stream and the code of the kernel that runs next:
// in the order of the graph, on one thread or one that has strips of its own.
enum class ConvPointer : uint8_t { input, stream, pool, mask, residual, output, partial, ahead, code_ahead };
struct ConvKernel {
  kir::Function function;
  std::vector<uint32_t> stream;  // the group's own constants, in the order of use
  std::vector<ConvPointer> pointers;
  int64_t products = 0;               // dot4, fma or tile_dot instructions per tile
  int64_t loads = 0;                  // vector loads of the input per tile
  int64_t ahead = 0, code_ahead = 0;  // bytes per tile that it asks for of the next kernel's stream, and of its code
};

// Most output channels in one kernel of vectors, a multiple of 4.
int max_rows(const Isa& isa);
// Splits the output channels into groups of at most max_rows (amx: kAmxRows; pairs: max_rows_of_pairs), as equal as
// whole planes allow: the first row of each, and the end.
std::vector<int64_t> row_groups(const Isa& isa, const ConvSpec& spec, ConvFamily family);

// Into how many pieces the kernels of these groups are best cut: as many for each.
size_t piece_count(const Isa& isa, const ConvSpec& spec, ConvFamily family, const std::vector<int64_t>& groups);
// Between two pieces accumulators lie as int32 [tile][row][lane]: the bytes of a tile.
int64_t partial_bytes(const Isa& isa, ConvFamily family, int64_t rows);

// The kernels of rows [first, last), `pieces` of them (dense ones are not cut). Their output and residual pointers
// start at the group's first plane, so groups whose code is the same (dense ones whose words are zero in the same
// places) share a function. `pool` collects the constants that the layer's groups share.
std::vector<ConvKernel> lower_conv(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last,
                                   size_t pieces, WordPool& pool, const std::string& name, const std::string& comment);

// Pool pointer's register, which WordPool must be made with.
inline constexpr int kPoolPointer = 2;

}  // namespace sparsec::kernels
