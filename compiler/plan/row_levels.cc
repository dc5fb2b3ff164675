#include "compiler/plan/row_levels.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "compiler/plan/float_bits.h"
#include "compiler/plan/one_fma.h"

namespace sparsec {
namespace {

using numerics::Scaling;
using oracle::AccumulatorRange;

// A row as QConv has it, and where its levels begin.
struct Row {
  Scaling plain{};
  AccumulatorRange range;
  LevelSteps steps;
};

// Nothing where a row's numbers are too large.
std::optional<std::vector<Row>> rows_of(const kernels::ConvSpec& spec, const Tensor& weights,
                                        const std::vector<int32_t>& channels) {
  const Lookup256* lookup = spec.outputs[0].lookup;
  const std::array<uint8_t, 256>* table = lookup ? &lookup->table : nullptr;
  std::vector<Row> rows(channels.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (channels[i] < 0) continue;
    Row& row = rows[i];
    row.plain = {spec.acc_bias.empty() ? 0 : spec.acc_bias[i], spec.multiplier[i], spec.bias[i]};
    row.range = oracle::accumulators_of(weights, size_t(channels[i]));
    const std::optional<LevelSteps> steps = steps_of(row.plain, spec.offset[i], row.range, table);
    if (!steps) return std::nullopt;
    row.steps = *steps;
  }
  return rows;
}

bool is_int16(const SignedLevels& l, AccumulatorRange range) {
  return std::ranges::all_of(std::array{range.least, range.most}, [&](int64_t acc) {
    return std::abs(double(l.scaling(int32_t(acc))) + l.offset) < double(INT16_MAX);
  });
}

bool has_additions(const SignedLevels& l) { return l.offset != 0 || l.scaling.acc_bias != 0; }

}  // namespace

void take_signed_levels(kernels::ConvSpec& spec, const Tensor& weights, const std::vector<int32_t>& channels,
                        bool may_differ) {
  const std::optional<std::vector<Row>> rows = rows_of(spec, weights, channels);
  if (!rows) return;
  const size_t n = channels.size();
  std::vector<std::optional<Scaling>> bits(n);
  bool any_bits = false, all_bits = true;
  for (size_t i = 0; i < n; ++i) {
    const Row& row = (*rows)[i];
    bits[i] = in_float_bits(row.steps, row.plain.multiplier, row.range);
    any_bits |= bits[i].has_value();
    all_bits &= bits[i].has_value();
  }
  std::vector<SignedLevels> levels(n);
  bool additions = false, all_int16 = true;
  const auto find_levels = [&](bool in_bits) {
    for (size_t i = 0; i < n; ++i) {
      if (channels[i] < 0 || bits[i].has_value() != in_bits) continue;
      const Row& row = (*rows)[i];
      levels[i] = in_one_fma(row.plain, spec.offset[i], row.steps, row.range);
      additions |= has_additions(levels[i]);
      all_int16 &= is_int16(levels[i], row.range);
    }
  };
  find_levels(false);  // the others need none where they stay in bits
  const bool by_bits = all_bits || (may_differ && any_bits && all_int16);
  if (!by_bits) {
    find_levels(true);
    if (additions && !may_differ) return;
  }
  spec.signed_levels = true;
  spec.acc_bias.assign(n, 0);
  if (by_bits) spec.by_bits.assign(n, false);
  for (size_t i = 0; i < n; ++i) {
    const bool in_bits = by_bits && bits[i];
    const Scaling& s = in_bits ? *bits[i] : levels[i].scaling;
    if (in_bits) spec.by_bits[i] = true;
    spec.acc_bias[i] = s.acc_bias;
    spec.multiplier[i] = s.multiplier;
    spec.bias[i] = s.bias;
    spec.offset[i] = in_bits ? 0 : levels[i].offset;
  }
}

}  // namespace sparsec
