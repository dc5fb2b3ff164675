// The shapes of tiles (AMX): what tile_config reads.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sparsec::kernels {

inline constexpr int64_t kTileRows = 16, kTileRowBytes = 64;  // the largest tile
inline constexpr int64_t kTileBytes = kTileRows * kTileRowBytes;

struct TileShape {
  int64_t rows = kTileRows, row_bytes = kTileRowBytes;
};

// The 64 bytes that tile_config reads, as words: how many rows each of the eight tiles has, and how many bytes a row.
std::vector<uint32_t> tile_configuration(const std::array<TileShape, 8>& tiles);

}  // namespace sparsec::kernels
