// Intel's manual, instruction by instruction (LDTILECFG, TILEZERO, TILELOADD, TILESTORED, TDPBSUD, TILERELEASE).
#include "codegen/interpret_tiles.h"

#include <cstring>

#include "compiler/error.h"

namespace sparsec::kir {

TileMachine::Tile& TileMachine::at(int index) {
  SPARSEC_CHECK(configured_ && index >= 0 && index < 8 && tiles_[size_t(index)].rows > 0, "a tile without a shape");
  return tiles_[size_t(index)];
}

const TileMachine::Tile& TileMachine::at(int index) const { return const_cast<TileMachine*>(this)->at(index); }

// Byte 0: the palette, of which only 1 has tiles. 16 to 31: bytes per row of each of eight tiles, 16 bits each. 48 to
// 55: rows of each. The rest is zero.
void TileMachine::configure(const uint8_t* shapes) {
  SPARSEC_CHECK(shapes[0] == 1, "a palette that is not 1");
  for (int i = 1; i < 64; ++i)
    if (i < 16 || (i >= 32 && i < 48) || i >= 56) SPARSEC_CHECK(shapes[i] == 0, "a reserved byte that is not zero");
  for (size_t t = 0; t < tiles_.size(); ++t) {
    tiles_[t] = {shapes[48 + t], shapes[16 + 2 * t] | shapes[17 + 2 * t] << 8, {}};
    SPARSEC_CHECK(
        tiles_[t].rows <= 16 && tiles_[t].row_bytes <= 64 && (tiles_[t].rows == 0) == (tiles_[t].row_bytes == 0),
        "a tile's shape");
  }
  configured_ = true;
}

void TileMachine::release() { *this = {}; }

void TileMachine::zero(int d) { at(d).row = {}; }

void TileMachine::load(int d, const uint8_t* from, int64_t stride) {
  Tile& tile = at(d);
  tile.row = {};
  for (int r = 0; r < tile.rows; ++r)
    std::memcpy(tile.row[size_t(r)].data(), from + r * stride, size_t(tile.row_bytes));
}

void TileMachine::store(uint8_t* to, int64_t stride, int a) const {
  const Tile& tile = at(a);
  for (int r = 0; r < tile.rows; ++r) std::memcpy(to + r * stride, tile.row[size_t(r)].data(), size_t(tile.row_bytes));
}

void TileMachine::dot(int d, int a, int b) {
  Tile& sums = at(d);
  const Tile &left = at(a), &right = at(b);
  SPARSEC_CHECK(d != a && d != b && a != b, "tiles of a product must differ");
  SPARSEC_CHECK(left.rows == sums.rows && right.row_bytes == sums.row_bytes && left.row_bytes == 4 * right.rows &&
                    sums.row_bytes % 4 == 0,
                "shapes of a product");
  for (size_t m = 0; m < size_t(sums.rows); ++m)
    for (size_t n = 0; n < size_t(sums.row_bytes) / 4; ++n) {
      uint32_t sum;
      std::memcpy(&sum, &sums.row[m][4 * n], 4);
      for (size_t k = 0; k < size_t(right.rows); ++k)
        for (size_t byte = 0; byte < 4; ++byte)
          sum += uint32_t(int8_t(left.row[m][4 * k + byte]) * int32_t(right.row[k][4 * n + byte]));
      std::memcpy(&sums.row[m][4 * n], &sum, 4);
    }
}

}  // namespace sparsec::kir
