// The constants of a kernel are one stream: the tiles' shapes, the tiles of weights in the order of use, then what the
// epilogue reads.
#include "codegen/kernels/conv_amx.h"

#include <algorithm>
#include <array>

#include "codegen/kernels/conv_epilogue.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int64_t kRows = 16;      // output channels of a tile, and pixels
constexpr int64_t kPlanes = 16;    // input planes of a tile
constexpr int64_t kRowBytes = 64;  // a row of any full tile
constexpr int64_t kTileBytes = 1024;
constexpr int64_t kTilesPerPass = 4;  // of sums; as many again are left for weights and activations
constexpr int64_t kL2Weights = 512 * 1024;

// Tile registers: sums in 0 to 3, then a full and a short tile of each operand.
constexpr int kWeights = 4, kInput = 5, kShortWeights = 6, kShortInput = 7;

// A tile of activations: up to sixteen planes at a tap.
struct Block {
  int64_t plane, planes;
  size_t tap;
};

std::vector<Block> blocks_of(const ConvSpec& spec) {
  std::vector<Block> blocks;
  for (int64_t plane = 0; plane < spec.in_planes; plane += kPlanes)
    for (size_t tap = 0; tap < spec.taps.size(); ++tap)
      blocks.push_back({plane, std::min(kPlanes, spec.in_planes - plane), tap});
  return blocks;
}

// Rows [first, last) of the specification at a block, a row of bytes each; empty when all are zero.
std::vector<uint32_t> weight_tile(const ConvSpec& spec, int64_t first, int64_t last, const Block& block) {
  std::vector<uint32_t> tile(size_t(kTileBytes / 4), 0);
  bool any = false;
  for (int64_t row = first; row < std::min(last, first + kRows); ++row)
    for (int64_t k = 0; k < block.planes; ++k) {
      const uint32_t word = spec.word(row, block.plane + k, block.tap);
      tile[size_t((row - first) * kRowBytes / 4 + k)] = word;
      any |= word != 0;
    }
  return any ? tile : std::vector<uint32_t>{};
}

// The 64 bytes that tile_config reads: how many rows each tile has, and how many bytes a row.
std::vector<uint32_t> configuration(const ConvSpec& spec) {
  std::array<uint8_t, 64> bytes{};
  const auto shape = [&](int tile, int64_t rows, int64_t row_bytes) {
    bytes[size_t(16 + 2 * tile)] = uint8_t(row_bytes);
    bytes[size_t(48 + tile)] = uint8_t(rows);
  };
  bytes[0] = 1;  // the palette: eight tiles of up to 16 rows of up to 64 bytes
  for (int sums = 0; sums < kTilesPerPass; ++sums) shape(sums, kRows, kRowBytes);
  shape(kWeights, kRows, kRowBytes);
  shape(kInput, kPlanes, kRowBytes);
  if (const int64_t rest = spec.in_planes % kPlanes; rest != 0) {
    shape(kShortWeights, kRows, 4 * rest);
    shape(kShortInput, rest, kRowBytes);
  }
  std::vector<uint32_t> words(16);
  for (size_t i = 0; i < bytes.size(); ++i) words[i / 4] |= uint32_t(bytes[i]) << (8 * (i % 4));
  return words;
}

class AmxWriter {
 public:
  AmxWriter(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool, std::string name,
            std::string comment)
      : isa_(isa),
        spec_(spec),
        first_(first),
        last_(last),
        blocks_(blocks_of(spec)),
        pointers_(spec),
        b_(std::move(name), std::move(comment), int(pointers_.list.size())),
        stream_(b_, kStreamPointer, isa),
        epilogue_(isa, spec, pointers_, first, b_, stream_, pool, 4) {}

  ConvKernel write() {
    gather_weights();
    b_.scratch(std::min(kTilesPerPass, (last_ - first_ + kRows - 1) / kRows) * kTileBytes);
    b_.with_memory(Opcode::tile_config, 0, 0, {kStreamPointer, 0});
    b_.loop_tiles();
    for (int64_t row = first_; row < last_; row += kTilesPerPass * kRows)
      pass(row, std::min(last_, row + kTilesPerPass * kRows));
    stream_.move_to(0);
    pointers_.advance(b_, isa_);
    b_.end();
    b_.one(Opcode::tile_release, 0);
    return {b_.finish(), stream_.words(), pointers_.list, products_, loads_};
  }

 private:
  // The stream's beginning. Where each pass finds its tiles of weights is in places_, in the order of use: block by
  // block, a place for each of the pass's tiles of sums, 0 for weights that are all zero.
  void gather_weights() {
    std::vector<uint32_t> words = configuration(spec_);
    for (int64_t row = first_; row < last_; row += kTilesPerPass * kRows)
      for (const Block& block : blocks_)
        for (int64_t r = row; r < std::min(last_, row + kTilesPerPass * kRows); r += kRows) {
          const std::vector<uint32_t> tile = weight_tile(spec_, r, last_, block);
          places_.push_back(tile.empty() ? 0 : int64_t(words.size()) * 4);
          words.insert(words.end(), tile.begin(), tile.end());
        }
    stream_.append(words, 0);
  }

  void pass(int64_t first, int64_t last) {
    const int tiles = int((last - first + kRows - 1) / kRows);
    for (int t = 0; t < tiles; ++t) b_.one(Opcode::tile_zero, t);
    for (const Block& block : blocks_) products(block, tiles);
    for (int t = 0; t < tiles; ++t) b_.tile_store({kir::kScratch, t * kTileBytes}, t, kRowBytes);
    for (int64_t row = first; row < last; row += 4) {
      for (int j = 0; j < 4; ++j) {
        const int64_t r = row + j;
        b_.load(j, {kir::kScratch, (r - first) * kRowBytes});
        b_.broadcast(4, stream_.next(spec_.acc_bias[size_t(r)]));
        b_.three(Opcode::add_i32, j, j, 4);
      }
      epilogue_.finish(int(row - first_), 0);
    }
  }

  void products(const Block& block, int tiles) {
    const bool full = block.planes == kPlanes;
    const int weights = full ? kWeights : kShortWeights, input = full ? kInput : kShortInput;
    bool loaded = false;
    for (int t = 0; t < tiles; ++t) {
      const int64_t place = places_[next_place_++];
      if (place == 0) continue;
      if (!loaded) {
        b_.tile_load(input, {kInputPointer, block.plane * spec_.in_plane_bytes + spec_.taps[block.tap]},
                     spec_.in_plane_bytes);
        ++loads_;
        loaded = true;
      }
      b_.tile_load(weights, {kStreamPointer, place - stream_.position()}, kRowBytes);
      b_.three(Opcode::tile_dot, t, weights, input);
      ++products_;
    }
  }

  const Isa& isa_;
  const ConvSpec& spec_;
  const int64_t first_, last_;
  const std::vector<Block> blocks_;
  const ConvPointers pointers_;
  Builder b_;
  WordStream stream_;
  ConvEpilogue epilogue_;
  std::vector<int64_t> places_;
  size_t next_place_ = 0;
  int64_t products_ = 0, loads_ = 0;
};

}  // namespace

std::vector<int64_t> amx_row_groups(const ConvSpec& spec) {
  const int64_t pass = kTilesPerPass * kRows, passes = (spec.rows + pass - 1) / pass;
  const int64_t pass_bytes = int64_t(blocks_of(spec).size()) * kTilesPerPass * kTileBytes;
  const int64_t most = std::max<int64_t>(1, kL2Weights / pass_bytes);
  const int64_t groups = (passes + most - 1) / most;
  std::vector<int64_t> borders;
  for (int64_t g = 0; g <= groups; ++g) borders.push_back(std::min(spec.rows, passes * g / groups * pass));
  return borders;
}

ConvKernel lower_conv_amx(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool,
                          std::string name, std::string comment) {
  SPARSEC_CHECK(has_amx_kernel(isa, spec), std::string(isa.name) + " has no tiles for " + name);
  SPARSEC_CHECK(isa.lanes == kRows && (last - first) % 4 == 0, name);
  return AmxWriter(isa, spec, first, last, pool, std::move(name), std::move(comment)).write();
}

AmxCounts count_amx(const ConvSpec& spec) {
  AmxCounts n;
  const int64_t pass = kTilesPerPass * kRows;
  n.sums = (spec.rows + kRows - 1) / kRows;
  for (const Block& block : blocks_of(spec))
    for (int64_t row = 0; row < spec.rows; row += pass) {
      const int64_t before = n.products;
      for (int64_t r = row; r < std::min(spec.rows, row + pass); r += kRows)
        n.products += !weight_tile(spec, r, spec.rows, block).empty();
      n.input_loads += n.products > before;
    }
  n.weight_loads = n.products;
  return n;
}

}  // namespace sparsec::kernels
