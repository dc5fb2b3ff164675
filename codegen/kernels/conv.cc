// Products, then epilogue, for one group of output channels at one vector of pixels; looped over the vectors.
//
// Products are lists of slots: a slot is one input vector (a plane at a tap) and the words that it meets. The unrolled
// family lists every slot once and drops what is zero; the dense family lists those of a few planes and loops
// (dense_runs.h), or has a writer of its own that takes two vectors (conv_pairs.h).
#include "codegen/kernels/conv.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "codegen/kernels/conv_amx.h"
#include "codegen/kernels/conv_epilogue.h"
#include "codegen/kernels/conv_pairs.h"
#include "codegen/kernels/conv_products.h"
#include "codegen/kernels/conv_start.h"
#include "codegen/kernels/dense_walk.h"
#include "codegen/kernels/lines_ahead.h"
#include "codegen/kernels/pieces.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

// What an unrolled kernel of some rows has of products in one piece.
struct Counts {
  std::vector<int64_t> of_row;
  int64_t products = 0, vectors = 0, planes = 0;  // input vectors that a product needs; planes, needed or not
};

Counts count(const ConvSpec& spec, int64_t first, int rows, const Piece& piece) {
  const size_t taps = spec.taps.size(), slots = size_t(spec.in_planes) * taps;
  Counts n{.of_row = std::vector<int64_t>(size_t(rows), 0)};
  for (size_t slot = piece.begin; slot < piece.end; ++slot) {
    const int64_t before = n.products;
    for (size_t r = 0; r < size_t(rows); ++r) {
      const bool product = spec.words[(size_t(first) + r) * slots + slot] != 0;
      n.of_row[r] += product;
      n.products += product;
    }
    n.vectors += n.products > before;
    n.planes += slot == piece.begin || slot % taps == 0;
  }
  return n;
}

class ConvWriter {
 public:
  ConvWriter(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last, const Piece& piece,
             WordPool& pool, std::string name, std::string comment)
      : isa_(isa),
        spec_(spec),
        family_(family),
        first_(first),
        rows_(int(last - first)),
        piece_(piece),
        counts_(family == ConvFamily::unrolled ? count(spec, first, rows_, piece) : Counts{}),
        pointers_(pointers_of(spec, piece)),
        partial_(int(pointers_.list.size()) - 1),
        ahead_(add_ahead()),
        b_(std::move(name), std::move(comment), int(pointers_.list.size())),
        stream_(b_, kStreamPointer, isa),
        products_(isa, spec.integer, rows_, counts_.products <= kFewProducts * counts_.vectors, b_, stream_),
        epilogue_(isa, spec, pointers_, first, b_, stream_, pool, rows_) {}

  ConvKernel write() {
    const size_t before_the_loop = b_.place();
    b_.loop_tiles();
    for (int r = 0; r < rows_; ++r) {
      if (piece_.first)
        start_accumulator(isa_, spec_, first_, rows_, r, b_, stream_);
      else
        b_.load(r, partial(r));
    }
    if (const int row = long_row(); row >= 0) products_.split_row(row);
    family_ == ConvFamily::unrolled ? unrolled() : dense();
    products_.join_rows();
    if (piece_.last)
      for (int r = 0; r < rows_; r += spec_.rows_per_plane()) epilogue_.finish(r, r);
    else
      for (int r = 0; r < rows_; ++r) b_.store(partial(r), r);
    stream_.move_to(0);
    pointers_.advance(b_, isa_);
    if (ahead_ >= 0) {
      b_.advance(ahead_, stream_lines_ * kLine);
      b_.advance(ahead_ + 1, code_lines_ * kLine);
    }
    if (!piece_.whole()) b_.advance(partial_, partial_bytes(isa_, ConvFamily::unrolled, rows_));
    b_.end();
    epilogue_.load_constants_at(before_the_loop);
    return {b_.finish(),       stream_.words(),       pointers_.list,     products_.count(),
            products_.loads(), stream_lines_ * kLine, code_lines_ * kLine};
  }

 private:
  size_t row(int r) const { return size_t(first_ + r); }

  Mem partial(int r) const { return {partial_, int64_t(r) * isa_.vector_bytes()}; }

  // The next kernel's constants and code.
  int add_ahead() {
    if (family_ != ConvFamily::unrolled || !can_ask_ahead(isa_, spec_, pointers_, 2)) return -1;
    const int64_t products = counts_.products;
    constexpr int64_t kWordBytes = 4, kProductBytes = 10, kRowBytes = 64;  // of code about
    stream_lines_ = lines_a_tile(spec_, products * kWordBytes, products);
    code_lines_ = lines_a_tile(spec_, products * kProductBytes + rows_ * kRowBytes, products);
    return code_lines_ == 0 ? -1 : add_pointers(pointers_, {ConvPointer::ahead, ConvPointer::code_ahead});
  }
  void ask_ahead(int64_t line) {
    b_.ask_for(line < stream_lines_ ? Mem{ahead_, line * kLine} : Mem{ahead_ + 1, (line - stream_lines_) * kLine},
               kLine);
  }
  int64_t offset(size_t slot) const {
    return int64_t(slot / spec_.taps.size()) * spec_.in_plane_bytes + spec_.taps[slot % spec_.taps.size()];
  }
  uint32_t word(int r, size_t slot) const { return spec_.words[row(r) * slots_of(spec_) + slot]; }

  static size_t slots_of(const ConvSpec& spec) { return size_t(spec.in_planes) * spec.taps.size(); }

  // The row, if there is one, with so many of the products that the time in which they follow each other, some five
  // cycles for each, comes near the time that all products take, and with more than any other: of two as long, one with
  // two accumulators would wait for the other. Floats are summed in their order.
  int long_row() const {
    if (family_ != ConvFamily::unrolled || !spec_.integer || isa_.saturating_dot) return -1;
    const auto most = std::ranges::max_element(counts_.of_row);
    std::vector<int64_t> others = counts_.of_row;
    std::ranges::nth_element(others, others.end() - 2);
    const bool stands_out = rows_ > 1 && *most * 5 > others[others.size() - 2] * 6;
    const bool is_long = *most > kShortRow && *most * kLongRow > counts_.products;
    return stands_out && is_long ? int(most - counts_.of_row.begin()) : -1;
  }
  static constexpr int64_t kShortRow = 8, kLongRow = 8;
  // Of a vector, so few that loads and not products bound the kernel (input_lines.h).
  static constexpr int64_t kFewProducts = 4;

  // Every non-zero word is a product; an input vector that no row needs is not loaded. So many loads from so many
  // places are more than the CPU's own prefetchers follow: each plane's next vector is asked for, where that is little
  // beside the products.
  void unrolled() {
    const bool ahead = has_text(isa_, Opcode::prefetch) && counts_.products >= kProductsAnAsking * counts_.planes;
    const size_t taps = spec_.taps.size();
    constexpr int64_t kNone = INT64_MIN;
    int64_t farthest = kNone;  // of the plane's vectors
    Spread lines(ahead_ < 0 ? 0 : stream_lines_ + code_lines_);
    for (size_t slot = piece_.begin; slot < piece_.end; ++slot) {
      ProductSlot s{{kInputPointer, offset(slot)}, {}};
      for (int r = 0; r < rows_; ++r)
        if (word(r, slot) != 0) s.words.push_back({r, {word(r, slot)}});
      if (!s.words.empty()) farthest = std::max(farthest, offset(slot));
      products_.add(std::move(s));
      lines.until(int64_t(slot + 1 - piece_.begin), int64_t(piece_.end - piece_.begin),
                  [this](int64_t line) { ask_ahead(line); });
      if ((slot + 1) % taps != 0 && slot + 1 != piece_.end) continue;
      products_.end_plane();
      if (!ahead || farthest == kNone) continue;
      b_.ask_for({kInputPointer, farthest + isa_.vector_bytes()}, isa_.vector_bytes());
      farthest = kNone;
    }
    products_.flush();
  }

  static constexpr int64_t kProductsAnAsking = 8;

  // For each run of planes a loop whose body holds the products of a few of them, zero or not.
  void dense() {
    walk_runs(
        b_, stream_, spec_, dense_runs(spec_, first_, first_ + rows_),
        [this](const PlaneRun& run) { return products_.planes_a_turn(run.count, run.taps); },
        [this](const PlaneRun& run, int64_t planes, int64_t turns) {
          for (int64_t i = 0; i < planes; ++i) add_products(run, i, planes, turns);
          products_.flush();
          return products_.take_later_turns();
        });
  }

  // Those of the run's plane i and of every `planes`th one behind it, which later turns meet.
  void add_products(const PlaneRun& run, int64_t i, int64_t planes, int64_t turns) {
    for (auto p = run.products.begin(); p != run.products.end();) {
      const size_t tap = p->tap;
      ProductSlot s{{kInputPointer, i * spec_.in_plane_bytes + spec_.taps[tap]}, {}};
      for (; p != run.products.end() && p->tap == tap; ++p) {
        std::vector<uint32_t> words;
        for (int64_t turn = 0; turn < turns; ++turn)
          words.push_back(spec_.word(first_ + p->row, run.first + turn * planes + i, tap));
        s.words.push_back({p->row, std::move(words)});
      }
      products_.add(std::move(s));
    }
  }

  const Isa& isa_;
  const ConvSpec& spec_;
  const ConvFamily family_;
  const int64_t first_;
  const int rows_;
  const Piece piece_;
  const Counts counts_;  // of the unrolled family
  ConvPointers pointers_;
  const int partial_;                          // where the pointers end; the partial sums' in pieces
  int64_t stream_lines_ = 0, code_lines_ = 0;  // to ask for a tile
  const int ahead_;                            // the pointers there, stream first; -1: nothing is asked for
  Builder b_;
  WordStream stream_;
  ConvProducts products_;
  ConvEpilogue epilogue_;
};

// The products of each slot of rows [first, last), as an unrolled kernel has them.
std::vector<int64_t> products_by_slot(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last) {
  const size_t slots = size_t(spec.in_planes) * spec.taps.size();
  std::vector<int64_t> n(slots, 0);
  for (int64_t r = first; r < last; ++r)
    for (size_t slot = 0; slot < slots; ++slot)
      n[slot] += products_of(isa, spec.integer, spec.words[size_t(r) * slots + slot]);
  return n;
}

// Whether a dense kernel is one of conv_pairs.h.
bool in_pairs(const Isa& isa, const ConvSpec& spec, ConvFamily family) {
  return family == ConvFamily::dense && takes_pairs(isa, spec);
}

}  // namespace

constexpr std::array kFamilyNames{"dense", "unrolled", "amx"};  // in the order of ConvFamily
static_assert(kFamilyNames.size() == size_t(ConvFamily::amx) + 1);

const char* name_of(ConvFamily family) { return kFamilyNames[size_t(family)]; }

std::optional<ConvFamily> find_family(const std::string& name) {
  const auto at = std::ranges::find(kFamilyNames, name);
  if (at == kFamilyNames.end()) return std::nullopt;
  return ConvFamily(at - kFamilyNames.begin());
}

std::string family_names() {
  std::string names;
  for (const char* name : kFamilyNames) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

std::vector<ConvFamily> families_of(const Isa& isa, const ConvSpec& spec) {
  std::vector<ConvFamily> families{ConvFamily::dense};
  if (isa.unroll) families.push_back(ConvFamily::unrolled);
  if (isa.tiles && spec.integer) families.push_back(ConvFamily::amx);
  return families;
}

int max_rows(const Isa& isa) { return (isa.registers - kActivationTemps) / 4 * 4; }

std::vector<int64_t> row_groups(const Isa& isa, const ConvSpec& spec, ConvFamily family) {
  if (family == ConvFamily::amx) return amx_row_groups(spec);
  const int64_t rows = spec.rows, rows_per_plane = spec.rows_per_plane();
  const int64_t units = (rows + rows_per_plane - 1) / rows_per_plane,
                most = (in_pairs(isa, spec, family) ? max_rows_of_pairs(isa, spec) : max_rows(isa)) / rows_per_plane;
  const int64_t groups = (units + most - 1) / most;
  std::vector<int64_t> borders;
  for (int64_t g = 0; g <= groups; ++g) borders.push_back(std::min(rows, units * g / groups * rows_per_plane));
  return borders;
}

size_t piece_count(const Isa& isa, const ConvSpec& spec, ConvFamily family, const std::vector<int64_t>& groups) {
  // the last piece has one pointer more than a whole kernel
  if (ConvPointers(spec).list.size() == size_t(kir::kMaxPointers)) return 1;
  if (family == ConvFamily::amx) return amx_piece_count(spec);
  if (family != ConvFamily::unrolled || isa.piece_products == 0) return 1;
  int64_t most = 0;
  for (size_t g = 0; g + 1 < groups.size(); ++g) {
    int64_t n = 0;
    for (int64_t products : products_by_slot(isa, spec, groups[g], groups[g + 1])) n += products;
    most = std::max(most, n);
  }
  return size_t(std::max<int64_t>(1, (most + isa.piece_products - 1) / isa.piece_products));
}

int64_t partial_bytes(const Isa& isa, ConvFamily family, int64_t rows) {
  return (family == ConvFamily::amx ? amx_rows(rows) : rows) * isa.vector_bytes();
}

std::vector<ConvKernel> lower_conv(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last,
                                   size_t pieces, WordPool& pool, const std::string& name, const std::string& comment) {
  const size_t slots = size_t(spec.in_planes) * spec.taps.size();
  SPARSEC_CHECK(spec.words.size() == size_t(spec.rows) * slots, "weights do not fill the specification of " + name);
  if (in_pairs(isa, spec, family)) return {lower_conv_pairs(isa, spec, first, last, pool, name, comment)};
  std::vector<Piece> parts{{0, slots, true, true}};
  if (family == ConvFamily::unrolled && pieces > 1) parts = pieces_of(products_by_slot(isa, spec, first, last), pieces);
  if (family == ConvFamily::amx) parts = pieces_of(amx_products_by_block(spec, first, last), pieces);
  std::vector<ConvKernel> kernels;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool one = parts.size() == 1;
    const std::string part = one ? "" : ", piece " + std::to_string(i + 1) + " of " + std::to_string(parts.size());
    const std::string part_name = i == 0 ? name : name + "_" + std::to_string(i);
    kernels.push_back(
        family == ConvFamily::amx
            ? lower_conv_amx(isa, spec, first, last, parts[i], pool, part_name, comment + part)
            : ConvWriter(isa, spec, family, first, last, parts[i], pool, part_name, comment + part).write());
  }
  return kernels;
}

}  // namespace sparsec::kernels
