// The constants of a kernel are one stream: the tiles' shapes, the tiles of weights in the order of use, then what the
// epilogue reads. The code takes pairs of vectors, the first without an epilogue and the last one's epilogue by itself,
// and then the vector that may be left.
#include "codegen/kernels/conv_amx.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codegen/kernels/amx_tiles.h"
#include "codegen/kernels/conv_epilogue.h"
#include "codegen/kernels/lines_ahead.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int64_t kRows = kTileRows;  // output channels of a tile, and pixels
constexpr int64_t kMaxPlanes = 16;    // input planes of a tile
constexpr int64_t kRowBytes = kTileRowBytes;
constexpr int kSums = 4;                        // vector registers that hold rows; the epilogue has the rest
constexpr int kTilesPerPass = 2, kVectors = 2;  // of output channels; of pixels
static_assert(kAmxRows == kTilesPerPass * kRows);

// The eight tile registers: sums of tile t at vector v; weights of tile t; activations of vector v.
constexpr int sums(int t, int v) { return kTilesPerPass * v + t; }
constexpr int weights(int t) { return 4 + t; }
constexpr int input(int v) { return 6 + v; }
constexpr int64_t in_scratch(int t, int v) { return sums(t, v) * kTileBytes; }

// The planes of a tile of activations.
struct Blocks {
  explicit Blocks(int64_t all)
      : planes(all), count((all + kMaxPlanes - 1) / kMaxPlanes), size((all + count - 1) / count) {}
  int64_t first(int64_t block) const { return std::min(block * size, planes - size); }
  int64_t first_own(int64_t block) const { return block * size; }  // those before are also in the block before
  int64_t planes, count, size;
};

// The weights of rows [first, first + 16) below `last` for a block at a tap; empty when all are zero.
std::vector<uint32_t> weight_tile(const ConvSpec& spec, int64_t first, int64_t last, const Blocks& blocks,
                                  int64_t block, size_t tap) {
  std::vector<uint32_t> tile(size_t(kTileBytes / 4), 0);
  bool any = false;
  for (int64_t row = first; row < std::min(last, first + kRows); ++row)
    for (int64_t plane = blocks.first_own(block); plane < blocks.first(block) + blocks.size; ++plane) {
      const uint32_t word = spec.word(row, plane, tap);
      tile[size_t((row - first) * kRowBytes / 4 + plane - blocks.first(block))] = word;
      any |= word != 0;
    }
  return any ? tile : std::vector<uint32_t>{};
}

// Calls f(block, tap) in the order in which a pass goes through them: a block's taps read nearly the same lines.
template <typename F>
void for_each_input(const ConvSpec& spec, int64_t first_block, int64_t end_block, F f) {
  for (int64_t block = first_block; block < end_block; ++block)
    for (size_t tap = 0; tap < spec.taps.size(); ++tap) f(block, tap);
}

std::vector<uint32_t> configuration(const Blocks& blocks) {
  std::array<TileShape, 8> tiles{};
  for (int t = 0; t < kTilesPerPass; ++t) tiles[size_t(weights(t))].row_bytes = 4 * blocks.size;
  for (int v = 0; v < kVectors; ++v) tiles[size_t(input(v))].rows = blocks.size;
  return tile_configuration(tiles);
}

class AmxWriter {
 public:
  AmxWriter(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, const Piece& piece, WordPool& pool,
            std::string name, std::string comment)
      : isa_(isa),
        spec_(spec),
        first_(first),
        last_(last),
        tiles_(int((last - first + kRows - 1) / kRows)),
        blocks_(spec.in_planes),
        piece_(piece),
        pointers_(pointers_of(spec, piece)),
        partial_(int(pointers_.list.size()) - 1),
        ahead_(add_ahead()),
        b_(std::move(name), std::move(comment), int(pointers_.list.size())),
        stream_(b_, kStreamPointer, isa),
        epilogue_(isa, spec, pointers_, first, b_, stream_, pool, kSums, true) {}

  ConvKernel write() {
    gather_constants();
    if (ahead_ >= 0) lines_ahead_ = lines_to_ask_for();
    b_.scratch(kTilesPerPass * kVectors * kTileBytes);
    b_.with_memory(Opcode::tile_config, 0, 0, {kStreamPointer, 0});
    const size_t before_the_loops = b_.place();
    piece_.last ? pairs() : sums_alone(kVectors);
    products_ = loads_ = 0;  // counted for one vector
    if (piece_.last) {
      b_.loop_tiles();
      sum(1, {});
      for (const Quad& quad : quads_of(1)) finish(quad);
      stream_.move_to(0);
      advance_sums(1);
      pointers_.advance_outputs(b_, isa_, 1);
      b_.end();
    } else {
      sums_alone(1);
    }
    b_.one(Opcode::tile_release, 0);
    epilogue_.load_constants_at(before_the_loops);
    return {b_.finish(), stream_.words(), pointers_.list, products_, loads_, lines_ahead_ * kLine};
  }

 private:
  // The weights of the kernel that runs next take about as long to come as the products of small pictures.
  int add_ahead() {
    return can_ask_ahead(isa_, spec_, pointers_, 1) ? add_pointers(pointers_, {ConvPointer::ahead}) : -1;
  }
  int64_t lines_to_ask_for() const {
    const int64_t tiles = std::ranges::count_if(places_, [](int64_t place) { return place != 0; });
    return lines_a_tile(spec_, tiles * kTileBytes, tiles);
  }

  // One tile_dot, and what must be loaded for it first.
  struct Product {
    int t, v;
    int64_t weights = 0;    // where they are in the stream; 0: loaded already
    int64_t input = kNone;  // bytes from the first pixel of the first plane
    int64_t asked = -1;     // of which block of planes the next pair of vectors is asked for
  };
  static constexpr int64_t kNone = INT64_MIN;
  // Four rows of one vector, as far as the epilogue is concerned.
  struct Quad {
    int row, v;
  };

  // The stream's beginning: the tiles' shapes and the tiles of weights, whose places are in places_ in the order of
  // use; 0 for weights that are all zero.
  void gather_constants() {
    std::vector<uint32_t> words = configuration(blocks_);
    for_each_input(spec_, int64_t(piece_.begin), int64_t(piece_.end), [&](int64_t block, size_t tap) {
      for (int t = 0; t < tiles_; ++t) {
        const std::vector<uint32_t> tile = weight_tile(spec_, first_ + t * kRows, last_, blocks_, block, tap);
        places_.push_back(tile.empty() ? 0 : int64_t(words.size()) * 4);
        words.insert(words.end(), tile.begin(), tile.end());
      }
    });
    stream_.append(words, 0);
  }

  // The epilogue is a pair behind the products, and its instructions are spread among them.
  void pairs() {
    const std::vector<Quad> quads = quads_of(kVectors);
    b_.if_tiles(kVectors);
    sum(kVectors, {});
    stream_.move_to(0);
    advance_sums(kVectors);
    b_.loop_tiles(kVectors);
    sum(kVectors, quads);
    stream_.move_to(0);
    advance_sums(kVectors);
    pointers_.advance_outputs(b_, isa_, kVectors);
    b_.end();
    for (const Quad& quad : quads) finish(quad);
    stream_.move_to(0);
    pointers_.advance_outputs(b_, isa_, kVectors);
    b_.end();
  }

  // Of a piece that is not the last.
  void sums_alone(int vectors) {
    b_.loop_tiles(vectors);
    sum(vectors, {});
    stream_.move_to(0);
    advance_sums(vectors);
    b_.end();
  }

  int64_t partial_stride() const { return tiles_ * kTileBytes; }
  Mem partial(int t, int v) const { return {partial_, v * partial_stride() + t * kTileBytes}; }
  void advance_sums(int vectors) {
    pointers_.advance_input(b_, isa_, vectors);
    if (!piece_.whole()) b_.advance(partial_, vectors * partial_stride());
    b_.advance(ahead_, vectors * lines_ahead_ * kLine);
  }

  std::vector<Quad> quads_of(int vectors) const {
    std::vector<Quad> quads;
    for (int v = 0; v < vectors; ++v)
      for (int64_t row = first_; row < last_; row += 4) quads.push_back({int(row - first_), v});
    return quads;
  }

  // Weights are loaded between the products, not all before them: the tile unit then has work while they come.
  std::vector<Product> products_of(int vectors) {
    std::vector<Product> products;
    std::vector<size_t> last_of(kVectors);  // product of the block that loads an input; 1 more than its place
    const int64_t* place = places_.data();
    for_each_input(spec_, int64_t(piece_.begin), int64_t(piece_.end), [&](int64_t block, size_t tap) {
      for (int v = 0; v < vectors; ++v) {
        int64_t input = blocks_.first(block) * spec_.in_plane_bytes + spec_.taps[tap] + v * isa_.vector_bytes();
        for (int t = 0; t < tiles_; ++t)
          if (place[t] != 0) {
            products.push_back({t, v, v == 0 ? place[t] : 0, input});
            if (input != kNone) last_of[size_t(v)] = products.size();
            input = kNone;
          }
      }
      place += tiles_;
      if (!asks_ahead(vectors) || tap + 1 < spec_.taps.size()) return;
      for (size_t& last : last_of)
        if (last != 0) products[std::exchange(last, 0) - 1].asked = block;
    });
    return products;
  }

  // Activations that have left the caches, or that other threads wrote, are met by the first of the layer's groups.
  bool asks_ahead(int vectors) const { return first_ == 0 && vectors == kVectors && has_text(isa_, Opcode::prefetch); }
  void ask_for_next(const Product& p) {
    if (p.asked < 0) return;
    for (int64_t plane = blocks_.first_own(p.asked); plane < blocks_.first(p.asked) + blocks_.size; ++plane)
      b_.ask_for({kInputPointer,
                  p.input + kVectors * isa_.vector_bytes() + (plane - blocks_.first(p.asked)) * spec_.in_plane_bytes},
                 isa_.vector_bytes());
  }

  // The sums of the vectors at the input pointer, at last in scratch, or with those of the next piece. What `quads`
  // finish is in scratch before.
  void sum(int vectors, const std::vector<Quad>& quads) {
    const auto for_each_sum = [&](auto f) {
      for (int v = 0; v < vectors; ++v)
        for (int t = 0; t < tiles_; ++t) f(t, v);
    };
    for_each_sum([&](int t, int v) {
      if (piece_.first)
        b_.one(Opcode::tile_zero, sums(t, v));
      else
        b_.tile_load(sums(t, v), partial(t, v), kRowBytes);
    });
    const std::vector<Product> products = products_of(vectors);
    Spread epilogue(int64_t(quads.size())), lines(vectors > 1 ? vectors * lines_ahead_ : 0);
    const auto finish_quad = [&](int64_t i) { finish(quads[size_t(i)]); };
    for (size_t i = 0; i < products.size(); ++i) {
      multiply(products[i]);
      const auto done = int64_t(i + 1), all = int64_t(products.size());
      epilogue.until(done, all, finish_quad);
      lines.until(done, all, [this](int64_t line) { b_.ask_for({ahead_, line * kLine}, kLine); });
    }
    epilogue.finish(finish_quad);
    for_each_sum([&](int t, int v) {
      b_.tile_store(piece_.last ? Mem{kir::kScratch, in_scratch(t, v)} : partial(t, v), sums(t, v), kRowBytes);
    });
  }

  void multiply(const Product& p) {
    if (p.weights != 0) b_.tile_load(weights(p.t), {kStreamPointer, p.weights - stream_.position()}, kRowBytes);
    if (p.input != kNone) {
      b_.tile_load(input(p.v), {kInputPointer, p.input}, spec_.in_plane_bytes);
      ++loads_;
      ask_for_next(p);
    }
    b_.three(Opcode::tile_dot, sums(p.t, p.v), weights(p.t), input(p.v));
    ++products_;
  }

  void finish(const Quad& quad) {
    epilogue_.on_vector(quad.v);
    const bool biased = spec_.has_acc_bias(first_ + quad.row, 4);
    for (int j = 0; j < 4; ++j) {
      const int64_t r = quad.row + j;
      b_.load(j, {kir::kScratch, in_scratch(int(r / kRows), quad.v) + r % kRows * kRowBytes});
      if (!biased) continue;
      const int bias = kSums + j;
      b_.broadcast(bias, stream_.next(spec_.acc_bias[size_t(first_ + r)]));
      b_.three(Opcode::add_i32, j, j, bias);
    }
    epilogue_.finish(quad.row, 0);
  }

  const Isa& isa_;
  const ConvSpec& spec_;
  const int64_t first_, last_;
  const int tiles_;  // of output channels
  const Blocks blocks_;
  const Piece piece_;
  ConvPointers pointers_;
  const int partial_;  // where the pointers end; the partial sums' in pieces
  const int ahead_;    // -1: nothing is asked for
  Builder b_;
  WordStream stream_;
  ConvEpilogue epilogue_;
  std::vector<int64_t> places_;
  int64_t products_ = 0, loads_ = 0;
  int64_t lines_ahead_ = 0;  // a vector
};

}  // namespace

std::vector<int64_t> amx_row_groups(const ConvSpec& spec) {
  std::vector<int64_t> borders;
  for (int64_t row = 0; row < spec.rows; row += kAmxRows) borders.push_back(row);
  borders.push_back(spec.rows);
  return borders;
}

int64_t amx_rows(int64_t rows) { return (rows + kRows - 1) / kRows * kRows; }

std::vector<int64_t> amx_products_by_block(const ConvSpec& spec, int64_t first, int64_t last) {
  const Blocks blocks(spec.in_planes);
  std::vector<int64_t> n(size_t(blocks.count), 0);
  for_each_input(spec, 0, blocks.count, [&](int64_t block, size_t tap) {
    for (int64_t row = first; row < last; row += kRows)
      n[size_t(block)] += !weight_tile(spec, row, last, blocks, block, tap).empty();
  });
  return n;
}

size_t amx_piece_count(const ConvSpec& spec) {
  constexpr int64_t kResidentTiles =
      20;  // of weights, in a first-level cache of 48 KiB (measured: 14 and 40 are slower)
  int64_t most = 0;
  for (int64_t row = 0; row < spec.rows; row += kAmxRows) {
    int64_t n = 0;
    for (const int64_t products : amx_products_by_block(spec, row, std::min(spec.rows, row + kAmxRows))) n += products;
    most = std::max(most, n);
  }
  return size_t(std::clamp<int64_t>((most + kResidentTiles - 1) / kResidentTiles, 1, Blocks(spec.in_planes).count));
}

ConvKernel lower_conv_amx(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, const Piece& piece,
                          WordPool& pool, std::string name, std::string comment) {
  SPARSEC_CHECK(isa.tiles && spec.integer, std::string(isa.name) + " has no tiles for " + name);
  SPARSEC_CHECK(isa.lanes == kRows && (last - first) % 4 == 0 && last - first <= kAmxRows, name);
  return AmxWriter(isa, spec, first, last, piece, pool, std::move(name), std::move(comment)).write();
}

AmxCounts count_amx(const ConvSpec& spec) {
  AmxCounts n;
  const Blocks blocks(spec.in_planes);
  for_each_input(spec, 0, blocks.count, [&](int64_t block, size_t tap) {
    for (int64_t row = 0; row < spec.rows; row += kAmxRows) {
      const int64_t before = n.products;
      for (int64_t r = row; r < std::min(spec.rows, row + kAmxRows); r += kRows)
        n.products += !weight_tile(spec, r, spec.rows, blocks, block, tap).empty();
      n.input_loads += n.products > before;
    }
  });
  return n;
}

}  // namespace sparsec::kernels
