// The first cost model: instructions over issue rate, plus the price of code that must be fetched anew for every vector
// of pixels.
//
// An unrolled kernel issues one product per non-zero word, a dense one a product per word, zero or not (but for taps
// that a run of planes does not meet), and its code stays in the micro-op cache; where it takes two vectors at a time
// (conv_pairs.h) its loads cost less and its epilogue more. Past a few thousand products a group's
// code comes from L2 at about `kFetchBytes` a cycle, which then bounds the unrolled kernel, unless it is cut into
// pieces (kernels::piece_count).
#include "compiler/plan/choose_kernels.h"

#include <algorithm>
#include <cstdio>

#include "codegen/kernels/conv_amx.h"
#include "codegen/kernels/conv_pairs.h"
#include "codegen/kernels/conv_products.h"
#include "codegen/kernels/dense_runs.h"

namespace sparsec {
namespace {

struct Counts {
  int64_t words = 0, nonzero = 0;            // of the weights
  int64_t products = 0, products_dense = 0;  // instructions of the unrolled and the dense kernel
  int64_t body_dense = 0;                    // products written in the dense kernels' code
  int64_t loads_unrolled = 0, loads_dense = 0, rows = 0, groups = 0;
};

constexpr double kCodeBytes = 8;    // an instruction with its short displacement
constexpr double kFetchBytes = 11;  // a cycle, from L2 through the decoders
constexpr double kResidentCode = 64 * 1024;

// Cycles (at 3 GHz) of an input vector's load, and of the epilogue for a row and vector: one that requantises alone,
// and any other.
struct Costs {
  double load, requantise, other;
  double tile_requantise = 0, tile_other = 0;  // the epilogue behind tiles, whose sums go through memory
  double tile_product = 0;                     // of two tiles, with its share of the loads
  // The part of products of tiles or of their epilogue, whichever is less, that does not hide behind the other.
  double not_hidden = 0;
};
constexpr Costs kAvx2{.load = 0.5, .requantise = 7, .other = 14};
// Fitted to every layer of YOLOv5s, 94% and 65% of blocks and 94% of weights zero, with all layers unrolled and with
// all in tiles, on a Xeon of 2025 with AMX: unrolled kernels within 8%, tiles within 14.
constexpr Costs kAvx512{.load = 0.7,
                        .requantise = 2,
                        .other = 8,
                        .tile_requantise = 4,
                        .tile_other = 10,
                        .tile_product = 26,
                        .not_hidden = 0.4};
// Kernels of pairs of vectors. Cycles of a product, or where loads bound them, of half a weight's load and of an input
// vector's, which lies between two lines and is loaded by every group anew; and of a row's epilogue, which waits for
// the end of the loop over planes. Fitted to YOLOv5s, dense, 94% and 65% of blocks zero, on the same Xeon. Beside them
// unrolled code of floats counts as fetched from fewer bytes on.
struct PairCosts {
  double product, requantise, other, resident_unrolled;
  double half_weight = 0.3, load = 1.4;
};
constexpr PairCosts kPairsOfBytes{.product = 0.5, .requantise = 3.5, .other = 9.5, .resident_unrolled = kResidentCode},
    kPairsOfFloats{.product = 0.55, .requantise = 0, .other = 16, .resident_unrolled = 24 * 1024};
constexpr int64_t kTileCodeBytes = 24 * 1024;  // of AMX kernels, whose groups share it

void count_dense(const Isa& isa, const kernels::ConvSpec& spec, Counts& n) {
  const std::vector<int64_t> borders = kernels::row_groups(isa, spec, kernels::ConvFamily::dense);
  for (size_t g = 0; g + 1 < borders.size(); ++g)
    for (const kernels::PlaneRun& run : kernels::dense_runs(spec, borders[g], borders[g + 1])) {
      n.loads_dense += run.count * int64_t(run.taps);
      n.body_dense += int64_t(run.products.size());
      for (const kernels::PlaneRun::Product& p : run.products)
        for (int64_t plane = run.first; plane < run.first + run.count; ++plane)
          n.products_dense +=
              std::max(1, kernels::products_of(isa, spec.integer, spec.word(borders[g] + p.row, plane, p.tap)));
    }
}

Counts count(const Isa& isa, const kernels::ConvSpec& spec) {
  Counts n;
  const std::vector<int64_t> borders = kernels::row_groups(isa, spec, kernels::ConvFamily::unrolled);
  n.groups = int64_t(borders.size()) - 1;
  n.rows = spec.rows;
  for (size_t g = 0; g + 1 < borders.size(); ++g) {
    for (int64_t plane = 0; plane < spec.in_planes; ++plane)
      for (size_t t = 0; t < spec.taps.size(); ++t) {
        bool any = false;
        for (int64_t r = borders[g]; r < borders[g + 1]; ++r) {
          const uint32_t w = spec.word(r, plane, t);
          ++n.words;
          if (w == 0) continue;
          any = true;
          ++n.nonzero;
          n.products += kernels::products_of(isa, spec.integer, w);
        }
        n.loads_unrolled += any;
      }
  }
  count_dense(isa, spec, n);
  return n;
}

}  // namespace

LayerChoice choose_kernel(const Isa& isa, const kernels::ConvSpec& spec, int64_t tiles, const std::string& force) {
  const Counts n = count(isa, spec);
  // Two products a cycle, or two multiplications where dot4 is two (sums in 16 bits save up to a third of them).
  const bool through_16_bits = isa.saturating_dot && spec.integer;
  const double cycles = through_16_bits ? 0.95 : 0.5, instructions = through_16_bits ? 3.2 : isa.lanes == 8 ? 2 : 1;
  const Costs& costs = isa.lanes == 16 ? kAvx512 : kAvx2;
  const bool requantises = spec.form() == EpilogueForm::requantise;
  const double epilogue = double(n.rows) * (requantises ? costs.requantise : costs.other);
  double dense = (double(n.products_dense) * cycles + double(n.loads_dense) * costs.load) * 1.1 + epilogue;
  double resident = kResidentCode;
  if (kernels::takes_pairs(isa, spec)) {
    const PairCosts& pairs = spec.integer ? kPairsOfBytes : kPairsOfFloats;
    const double products = double(n.products_dense), loads = double(n.loads_dense);
    dense = std::max(products * pairs.product, products * pairs.half_weight + loads * pairs.load) +
            double(n.rows) * (requantises ? pairs.requantise : pairs.other);
    resident = pairs.resident_unrolled;
  }
  const double code = double(n.products) * kCodeBytes * instructions;
  double unrolled = double(n.products) * cycles + double(n.loads_unrolled) * costs.load;
  if (isa.piece_products == 0 && code / double(n.groups) > resident) unrolled = std::max(unrolled, code / kFetchBytes);
  unrolled += epilogue;

  const auto amx = [&] {
    const double products = double(kernels::count_amx(spec).products) * costs.tile_product;
    const double rows = double(n.rows) * (requantises ? costs.tile_requantise : costs.tile_other);
    return std::max(products, rows) + costs.not_hidden * std::min(products, rows);
  };

  using kernels::ConvFamily;
  const auto cycles_of = [&](ConvFamily family) {
    return family == ConvFamily::dense ? dense : family == ConvFamily::unrolled ? unrolled : amx();
  };
  LayerChoice choice;
  for (const ConvFamily family : kernels::families_of(isa, spec))
    choice.candidates.emplace_back(family, cycles_of(family) * double(tiles));
  const auto forced = std::ranges::find_if(choice.candidates, [&](const auto& c) { return name_of(c.first) == force; });
  const auto best = forced != choice.candidates.end()
                        ? forced
                        : std::ranges::min_element(choice.candidates, {}, [](const auto& c) { return c.second; });
  choice.family = best->first;
  choice.predicted_cycles = best->second;
  choice.code_bytes = choice.family == ConvFamily::unrolled ? int64_t(code)
                      : choice.family == ConvFamily::amx    ? kTileCodeBytes
                                                            : int64_t(double(n.body_dense) * kCodeBytes * instructions);
  char reason[96];
  std::snprintf(reason, sizeof reason, "%lld of %lld words are not zero (%.0f%%)", static_cast<long long>(n.nonzero),
                static_cast<long long>(n.words), 100.0 * double(n.nonzero) / double(std::max<int64_t>(1, n.words)));
  choice.reason = forced != choice.candidates.end() ? "asked for; " + std::string(reason) : reason;
  return choice;
}

}  // namespace sparsec
