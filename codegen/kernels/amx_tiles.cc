// Bytes 16 to 31 are the rows' lengths, two for each tile; those from 48 on the numbers of rows.
#include "codegen/kernels/amx_tiles.h"

#include <cstddef>

namespace sparsec::kernels {

std::vector<uint32_t> tile_configuration(const std::array<TileShape, 8>& tiles) {
  std::array<uint8_t, 64> bytes{};
  bytes[0] = 1;  // the palette: eight tiles of up to 16 rows of up to 64 bytes
  for (size_t t = 0; t < tiles.size(); ++t) {
    bytes[16 + 2 * t] = uint8_t(tiles[t].row_bytes);
    bytes[48 + t] = uint8_t(tiles[t].rows);
  }
  std::vector<uint32_t> words(bytes.size() / 4);
  for (size_t i = 0; i < bytes.size(); ++i) words[i / 4] |= uint32_t(bytes[i]) << (8 * (i % 4));
  return words;
}

}  // namespace sparsec::kernels
