// The built-in font: 5x7 dots for each printable ASCII character.
#pragma once

#include <array>
#include <cstdint>

namespace sparsec {

inline constexpr int kGlyphCols = 5, kGlyphRows = 7;

// One byte a row, bit 4 is the leftmost dot.
using Glyph = std::array<uint8_t, kGlyphRows>;

// Other characters than ' '..'~' give a box.
const Glyph& glyph(char c);

}  // namespace sparsec
